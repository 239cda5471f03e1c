// SPDX-License-Identifier: Apache-2.0
// The words of OpenNebula's template syntax, as oned's own lexer cuts a text into them.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace onemarket {

// True for what keys and names are made of.
bool is_template_word(char c);

struct TemplateToken {
    enum class Kind {
        variable,
        equal,
        equal_empty,
        string,
        obracket,
        cbracket,
        comma,
        ccdata,
        end,
    };
    Kind kind;
    std::string_view text;   // of a VARIABLE or STRING, without its quotes
    std::size_t line;        // from 1
    std::size_t begin, end;  // its bytes in the text, quotes included
};

// As oned's own messages have them.
std::string_view to_string(TemplateToken::Kind kind);

// A lexer made by flex: the longest match over the rules of a state wins, on a tie the rule listed
// first, and a character no rule matches is skipped. Takes linear time. The text must outlive it.
class TemplateLexer {
  public:
    // Up to the first NUL byte of the text, if there is one.
    explicit TemplateLexer(std::string_view text)
        : text_(text.substr(0, text.find('\0'))), newline_(text_, "\n"), ccdata_(text_, "]]>") {}

    TemplateToken next();

  private:
    // Where a needle stands next, for positions which never go back. Remembers its answer, so that
    // asking at every byte of a text stays linear.
    class NextOf {
      public:
        NextOf(std::string_view text, std::string_view needle)
            : text_(text), needle_(needle), found_(text.find(needle)) {}

        std::size_t from(std::size_t position) {
            if (found_ < position) found_ = text_.find(needle_, position);
            return found_;
        }

      private:
        std::string_view text_;
        std::string_view needle_;
        std::size_t found_;
    };

    std::optional<TemplateToken> lex_initial();
    TemplateToken lex_equal(std::size_t start);
    std::optional<TemplateToken> lex_comment(std::size_t start);
    std::optional<TemplateToken> lex_variable(std::size_t start);
    std::optional<TemplateToken> lex_value();
    std::optional<TemplateToken> lex_string(std::size_t start, std::size_t quoted_end);
    std::size_t end_of_quoted(std::size_t start) const;
    std::size_t skip(std::string_view set, std::size_t from) const;
    TemplateToken value_token(std::size_t start, std::size_t end, TemplateToken::Kind kind,
                              std::string_view text = {});
    TemplateToken token_at(std::size_t position, TemplateToken::Kind kind,
                           std::string_view text = {});

    std::string_view text_;
    NextOf newline_;
    NextOf ccdata_;
    std::size_t pos_ = 0;
    bool in_value_ = false;
    std::size_t line_ = 1;
    std::size_t counted_ = 0;  // line_ is the line of this position
};

}  // namespace onemarket
