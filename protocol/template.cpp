// SPDX-License-Identifier: Apache-2.0
#include "protocol/template.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>

#include "protocol/utf8.h"

namespace onemarket {

namespace {

constexpr std::string_view kBlanks = " \t";
constexpr std::string_view kSpaces = " \t\n";
constexpr std::string_view kBareEnds = "=# \t\n,[]";
constexpr auto kNowhere = std::string_view::npos;

// ASCII only, whatever the locale: the reader's classes were fixed when its lexer was generated.
bool is_word(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

constexpr bool is_control(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7F;
}

// The bytes of a value that may not stay as they are.
constexpr auto kSpecial = [] {
    std::array<bool, 256> special{};
    for (std::size_t byte = 0; byte < special.size(); ++byte) {
        const auto c = static_cast<char>(byte);
        special[byte] = is_control(c) || c == '"' || c == '>';
    }
    return special;
}();

// ---- writer ----

void require_key(std::string_view key) {
    if (!key.empty() && std::all_of(key.begin(), key.end(), is_word)) return;
    throw Error(ErrorKind::internal, "a template key must match [A-Za-z0-9_]+");
}

// Copies in runs. `]]>` is looked for in what was written, since dropping a control character may
// bring its parts together; the opening quote before the value keeps it from looking any further.
void append_escaped(std::string& out, std::string_view value) {
    std::size_t run = 0;
    for (std::size_t i = 0; i < value.size(); ++i) {
        const char c = value[i];
        if (!kSpecial[static_cast<unsigned char>(c)]) continue;
        const bool control = is_control(c);
        out.append(value, run, i - run);
        run = control ? i + 1 : i;
        if (c == '"') out += '\\';
        if (c == '>' && out.ends_with("]]")) out += ' ';
    }
    out.append(value, run);
}

void append_quoted(std::string& out, std::string_view value) {
    out += '"';
    if (is_utf8(value)) {
        append_escaped(out, value);
    } else {
        append_escaped(out, repair_utf8(value));
    }
    if (out.back() == '\\') out += ' ';
    out += '"';
}

// ---- lexer ----

enum class TokenKind {
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

// As oned's own messages have them.
std::string_view to_string(TokenKind kind) {
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

struct Token {
    TokenKind kind;
    std::string_view text;  // of a VARIABLE or STRING
    std::size_t line;
};

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

// A lexer made by flex: the longest match over the rules of a state wins, on a tie the rule listed
// first, and a character no rule matches is skipped.
class Lexer {
  public:
    explicit Lexer(std::string_view text)
        : text_(text.substr(0, text.find('\0'))), newline_(text_, "\n"), ccdata_(text_, "]]>") {}

    Token next() {
        while (pos_ < text_.size()) {
            const auto token = in_value_ ? lex_value() : lex_initial();
            if (token) return *token;
        }
        return token_at(pos_, TokenKind::end);
    }

  private:
    // Rules of the state INITIAL. Each but VARIABLE's is made of blanks and newlines or allows them
    // in front; none needs them, so that skipping them first comes to the same.
    std::optional<Token> lex_initial() {
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

    Token lex_equal(std::size_t start) {
        pos_ = skip(kBlanks, start + 1);
        const bool empty = pos_ < text_.size() && text_[pos_] == '\n';
        in_value_ = !empty;
        return token_at(start, empty ? TokenKind::equal_empty : TokenKind::equal);
    }

    // A comment needs its newline; without one only the '#' is skipped.
    std::optional<Token> lex_comment(std::size_t start) {
        const auto newline = newline_.from(start);
        if (newline != kNowhere) pos_ = newline + 1;
        return std::nullopt;
    }

    std::optional<Token> lex_variable(std::size_t start) {
        const auto first = text_.begin() + static_cast<std::ptrdiff_t>(start);
        const auto last = std::find_if_not(first, text_.end(), is_word);
        if (first == last) return std::nullopt;
        pos_ = start + static_cast<std::size_t>(last - first);
        return token_at(start, TokenKind::variable, text_.substr(start, pos_ - start));
    }

    // Rules of the state VALUE. CCDATA takes the rest of its line, so only a quoted string which
    // goes on behind that line is longer.
    std::optional<Token> lex_value() {
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

    std::optional<Token> lex_string(std::size_t start, std::size_t quoted_end) {
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
    std::size_t end_of_quoted(std::size_t start) const {
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

    std::size_t skip(std::string_view set, std::size_t from) const {
        return std::min(text_.find_first_not_of(set, from), text_.size());
    }

    Token value_token(std::size_t start, std::size_t end, TokenKind kind,
                      std::string_view text = {}) {
        pos_ = end;
        in_value_ = false;
        return token_at(start, kind, text);
    }

    Token token_at(std::size_t position, TokenKind kind, std::string_view text = {}) {
        const auto passed = text_.substr(counted_, position - counted_);
        line_ += static_cast<std::size_t>(std::count(passed.begin(), passed.end(), '\n'));
        counted_ = position;
        return {kind, text, line_};
    }

    std::string_view text_;
    NextOf newline_;
    NextOf ccdata_;
    std::size_t pos_ = 0;
    bool in_value_ = false;
    std::size_t line_ = 1;
    std::size_t counted_ = 0;  // line_ is the line of this position
};

// ---- grammar ----

std::string upper(std::string_view text) {
    std::string result(text);
    for (char& c : result) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    return result;
}

std::string unescape(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    std::size_t from = 0;
    for (auto escape = text.find("\\\""); escape != kNowhere; escape = text.find("\\\"", from)) {
        result.append(text, from, escape - from);
        result += '"';
        from = escape + 2;
    }
    result.append(text, from);
    return result;
}

// The read_ functions begin at the token they need, end at the one after what they read, and give
// false with the reason noted.
class Parser {
  public:
    explicit Parser(std::string_view text) : lexer_(text), token_(lexer_.next()) {}

    Result<Template> parse() {
        while (token_.kind != TokenKind::end) {
            if (!read_attribute()) return Result<Template>::failure(std::move(reason_));
        }
        return Template(std::move(attributes_));
    }

  private:
    bool read_attribute() {
        Template::Attribute attribute;
        attribute.line = token_.line;
        if (!read_name(attribute.key)) return false;
        if (token_.kind == TokenKind::equal_empty) {
            advance();
        } else if (!skip(TokenKind::equal) || !read_value(attribute.value)) {
            return false;
        }
        attributes_.push_back(std::move(attribute));
        return true;
    }

    bool read_value(std::variant<std::string, Template::Vector>& value) {
        if (token_.kind == TokenKind::ccdata) return fail("a value must not contain ]]>");
        if (token_.kind == TokenKind::obracket) return read_vector(value.emplace<1>());
        return read_string(std::get<0>(value));
    }

    bool read_vector(Template::Vector& vector) {
        advance();
        if (token_.kind != TokenKind::cbracket) {
            if (!read_pair(vector)) return false;
            while (token_.kind == TokenKind::comma) {
                advance();
                if (!read_pair(vector)) return false;
            }
        }
        return skip(TokenKind::cbracket);
    }

    bool read_pair(Template::Vector& vector) {
        std::string name;
        std::string value;
        if (!read_name(name) || !skip(TokenKind::equal) || !read_string(value)) return false;
        vector.emplace(std::move(name), std::move(value));
        return true;
    }

    bool read_name(std::string& name) {
        if (token_.kind == TokenKind::variable) name = upper(token_.text);
        return skip(TokenKind::variable);
    }

    bool read_string(std::string& value) {
        if (token_.kind == TokenKind::string) value = unescape(token_.text);
        return skip(TokenKind::string);
    }

    bool skip(TokenKind kind) {
        if (token_.kind != kind) {
            return fail("syntax error, unexpected " + std::string(to_string(token_.kind)));
        }
        advance();
        return true;
    }

    bool fail(const std::string& what) {
        reason_ = "line " + std::to_string(token_.line) + ": " + what;
        return false;
    }

    void advance() { token_ = lexer_.next(); }

    Lexer lexer_;
    Token token_;
    std::vector<Template::Attribute> attributes_;
    std::string reason_;
};

}  // namespace

std::string quote_value(std::string_view value) {
    std::string quoted;
    append_quoted(quoted, value);
    return quoted;
}

void TemplateWriter::add(std::string_view key, std::string_view value) {
    require_key(key);
    text_ += key;
    text_ += '=';
    append_quoted(text_, value);
    text_ += '\n';
}

void TemplateWriter::add_vector(std::string_view key, std::span<const Pair> pairs) {
    require_key(key);
    for (const auto& [name, value] : pairs) require_key(name);
    text_ += key;
    text_ += "=[";
    std::string_view separator;
    for (const auto& [name, value] : pairs) {
        text_ += separator;
        text_ += name;
        text_ += '=';
        append_quoted(text_, value);
        separator = ", ";
    }
    text_ += "]\n";
}

void TemplateWriter::add_vector(std::string_view key, std::initializer_list<Pair> pairs) {
    add_vector(key, std::span<const Pair>(pairs.begin(), pairs.size()));
}

Template::Template(std::vector<Attribute> attributes) : attributes_(std::move(attributes)) {
    std::stable_sort(attributes_.begin(), attributes_.end(),
                     [](const Attribute& a, const Attribute& b) { return a.key < b.key; });
}

const std::string* Template::find(std::string_view key) const {
    for (const auto& attribute : all(key)) {
        if (const auto* value = attribute.single()) return value;
    }
    return nullptr;
}

const Template::Vector* Template::find_vector(std::string_view key) const {
    for (const auto& attribute : all(key)) {
        if (const auto* vector = attribute.vector()) return vector;
    }
    return nullptr;
}

std::vector<std::string_view> Template::values(std::string_view key) const {
    std::vector<std::string_view> found;
    for (const auto& attribute : all(key)) {
        if (const auto* value = attribute.single()) found.emplace_back(*value);
    }
    return found;
}

std::span<const Template::Attribute> Template::all(std::string_view key) const {
    const auto first =
        std::partition_point(attributes_.begin(), attributes_.end(),
                             [key](const Attribute& attribute) { return attribute.key < key; });
    const auto last = std::find_if(first, attributes_.end(), [key](const Attribute& attribute) {
        return attribute.key != key;
    });
    return {first, last};
}

Result<Template> parse_template(std::string_view text) {
    return Parser(text).parse();
}

}  // namespace onemarket
