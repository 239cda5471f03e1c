// SPDX-License-Identifier: Apache-2.0
#include "protocol/template.h"

#include <algorithm>
#include <array>

#include "protocol/ascii.h"
#include "protocol/template_lexer.h"
#include "protocol/utf8.h"

namespace onemarket {

namespace {

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
    if (!key.empty() && std::all_of(key.begin(), key.end(), is_template_word)) return;
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

// ---- grammar ----

std::string unescape(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    std::size_t from = 0;
    for (auto escape = text.find("\\\""); escape != std::string_view::npos;
         escape = text.find("\\\"", from)) {
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
        while (token_.kind != TemplateToken::Kind::end) {
            if (!read_attribute()) return Result<Template>::failure(std::move(reason_));
        }
        return Template(std::move(attributes_));
    }

  private:
    bool read_attribute() {
        Template::Attribute attribute;
        attribute.line = token_.line;
        attribute.place.begin = token_.begin;
        if (!read_name(attribute.key)) return false;
        if (token_.kind == TemplateToken::Kind::equal_empty) {
            advance();
        } else if (!skip(TemplateToken::Kind::equal) || !read_value(attribute)) {
            return false;
        }
        attribute.place.end = behind_;
        attributes_.push_back(std::move(attribute));
        return true;
    }

    bool read_value(Template::Attribute& attribute) {
        if (token_.kind == TemplateToken::Kind::ccdata) return fail("a value must not contain ]]>");
        if (token_.kind == TemplateToken::Kind::obracket) {
            attribute.value.emplace<1>();
            return read_vector(attribute);
        }
        return read_string(std::get<0>(attribute.value));
    }

    bool read_vector(Template::Attribute& vector) {
        advance();
        if (token_.kind != TemplateToken::Kind::cbracket) {
            if (!read_pair(vector)) return false;
            while (token_.kind == TemplateToken::Kind::comma) {
                advance();
                if (!read_pair(vector)) return false;
            }
        }
        return skip(TemplateToken::Kind::cbracket);
    }

    bool read_pair(Template::Attribute& vector) {
        std::string name;
        std::string value;
        if (!read_name(name) || !skip(TemplateToken::Kind::equal)) return false;
        const Template::Place place{token_.begin, token_.end};
        if (!read_string(value)) return false;
        vector.places.emplace(name, place);
        std::get<1>(vector.value).emplace(std::move(name), std::move(value));
        return true;
    }

    bool read_name(std::string& name) {
        if (token_.kind == TemplateToken::Kind::variable) name = ascii::to_upper(token_.text);
        return skip(TemplateToken::Kind::variable);
    }

    bool read_string(std::string& value) {
        if (token_.kind == TemplateToken::Kind::string) value = unescape(token_.text);
        return skip(TemplateToken::Kind::string);
    }

    bool skip(TemplateToken::Kind kind) {
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

    void advance() {
        behind_ = token_.end;
        token_ = lexer_.next();
    }

    TemplateLexer lexer_;
    TemplateToken token_;
    std::size_t behind_ = 0;  // of the token before
    std::vector<Template::Attribute> attributes_;
    std::string reason_;
};

}  // namespace

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
