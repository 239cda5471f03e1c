// SPDX-License-Identifier: Apache-2.0
#include "protocol/template_lexer.h"

#include <algorithm>
#include <iterator>

namespace onemarket {

namespace {

using TokenKind = TemplateToken::Kind;

constexpr std::string_view kBlanks = " \t";
constexpr std::string_view kSpaces = " \t\n";
constexpr std::string_view kBareEnds = "=# \t\n,[]";
constexpr auto kNowhere = std::string_view::npos;

}  // namespace

// ASCII only, whatever the locale: the reader's classes were fixed when its lexer was generated.
bool is_template_word(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

std::string_view to_string(TemplateToken::Kind kind) {
    switch (kind) {
        case TokenKind::variable:
            return "VARIABLE";
        case TokenKind::equal:
            return "EQUAL";
        case TokenKind::equal_empty:
            return "EQUAL_EMPTY";
        case TokenKind::string:
            return "STRING";
        case TokenKind::obracket:
            return "OBRACKET";
        case TokenKind::cbracket:
            return "CBRACKET";
        case TokenKind::comma:
            return "COMMA";
        case TokenKind::ccdata:
            return "CCDATA";
        case TokenKind::end:
            return "end of file";
    }
    return "end of file";
}

TemplateToken TemplateLexer::next() {
    while (pos_ < text_.size()) {
        const auto token = in_value_ ? lex_value() : lex_initial();
        if (token) return *token;
    }
    return token_at(pos_, TokenKind::end);
}

// Rules of the state INITIAL. Each but VARIABLE's is made of blanks and newlines or allows them
// in front; none needs them, so that skipping them first comes to the same.
std::optional<TemplateToken> TemplateLexer::lex_initial() {
    pos_ = skip(kSpaces, pos_);
    if (pos_ == text_.size()) return std::nullopt;
    const auto start = pos_++;
    switch (text_[start]) {
        case ',':
            return token_at(start, TokenKind::comma);
        case ']':
            return token_at(start, TokenKind::cbracket);
        case '=':
            return lex_equal(start);
        case '#':
            return lex_comment(start);
        default:
            return lex_variable(start);
    }
}

TemplateToken TemplateLexer::lex_equal(std::size_t start) {
    pos_ = skip(kBlanks, start + 1);
    const bool empty = pos_ < text_.size() && text_[pos_] == '\n';
    in_value_ = !empty;
    return token_at(start, empty ? TokenKind::equal_empty : TokenKind::equal);
}

// A comment needs its newline; without one only the '#' is skipped.
std::optional<TemplateToken> TemplateLexer::lex_comment(std::size_t start) {
    const auto newline = newline_.from(start);
    if (newline != kNowhere) pos_ = newline + 1;
    return std::nullopt;
}

std::optional<TemplateToken> TemplateLexer::lex_variable(std::size_t start) {
    const auto first = text_.begin() + static_cast<std::ptrdiff_t>(start);
    const auto last = std::find_if_not(first, text_.end(), is_template_word);
    if (first == last) return std::nullopt;
    pos_ = start + static_cast<std::size_t>(last - first);
    return token_at(start, TokenKind::variable, text_.substr(start, pos_ - start));
}

// Rules of the state VALUE. CCDATA takes the rest of its line, so only a quoted string which
// goes on behind that line is longer.
std::optional<TemplateToken> TemplateLexer::lex_value() {
    const auto start = pos_;
    const auto quoted_end = end_of_quoted(start);
    const auto line_end = std::min(newline_.from(start), text_.size());
    if (ccdata_.from(start) < line_end && line_end >= quoted_end) {
        return value_token(start, line_end, TokenKind::ccdata);
    }
    // Blanks before something else than '[' are skipped one by one, but none of them changes
    // what the next one meets.
    pos_ = skip(kBlanks, start);
    if (pos_ < text_.size() && text_[pos_] == '[') {
        return value_token(pos_, pos_ + 1, TokenKind::obracket);
    }
    if (pos_ != start) return std::nullopt;
    return lex_string(start, quoted_end);
}

std::optional<TemplateToken> TemplateLexer::lex_string(std::size_t start, std::size_t quoted_end) {
    const auto bare_end = std::min(text_.find_first_of(kBareEnds, start), text_.size());
    if (quoted_end >= bare_end) {
        return value_token(start, quoted_end, TokenKind::string,
                           text_.substr(start + 1, quoted_end - start - 2));
    }
    if (bare_end > start) {
        return value_token(start, bare_end, TokenKind::string,
                           text_.substr(start, bare_end - start));
    }
    ++pos_;
    return std::nullopt;
}

// Behind the closing quote, 0 if there is no quoted string here. By longest match a quote after
// a backslash closes the string only where no later quote can. Reading on to the end of the
// text for it stays linear: no quote is left behind to start from again.
std::size_t TemplateLexer::end_of_quoted(std::size_t start) const {
    if (text_[start] != '"') return 0;
    std::size_t end = 0;
    auto quote = text_.find('"', start + 1);
    while (quote != kNowhere) {
        end = quote + 1;
        if (text_[quote - 1] != '\\') break;
        quote = text_.find('"', end);
    }
    return end;
}

std::size_t TemplateLexer::skip(std::string_view set, std::size_t from) const {
    return std::min(text_.find_first_not_of(set, from), text_.size());
}

TemplateToken TemplateLexer::value_token(std::size_t start, std::size_t end, TokenKind kind,
                                         std::string_view text) {
    pos_ = end;
    in_value_ = false;
    return token_at(start, kind, text);
}

TemplateToken TemplateLexer::token_at(std::size_t position, TokenKind kind, std::string_view text) {
    const auto passed = text_.substr(counted_, position - counted_);
    line_ += static_cast<std::size_t>(std::count(passed.begin(), passed.end(), '\n'));
    counted_ = position;
    return {kind, text, line_, position, pos_};
}

}  // namespace onemarket
