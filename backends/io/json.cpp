// SPDX-License-Identifier: Apache-2.0
#include "backends/io/json.h"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/src.hpp>  // the library itself: nothing of it is to be linked
#include <charconv>
#include <optional>
#include <utility>

#include "protocol/ascii.h"
#include "protocol/utf8.h"

namespace onemarket {
namespace {

using Kind = JsonValue::Kind;
using Code = boost::json::error_code;
using Text = boost::json::string_view;

std::string_view view(Text text) {
    return {text.data(), text.size()};
}

// ---- escaped halves of characters ----

constexpr size_t kEscape = 6;  // bytes of \uXXXX
constexpr std::string_view kReplacement = "\\ufffd";

std::string escape(unsigned unit) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text = "\\u";
    for (const unsigned shift : {12U, 8U, 4U, 0U}) text += digits[(unit >> shift) & 15U];
    return text;
}

// The unit that an escape at `at` stands for; nothing where there is no such escape.
std::optional<unsigned> unit_at(std::string_view text, size_t at) {
    if (text.size() < at + kEscape || text.substr(at, 2) != "\\u") return std::nullopt;
    unsigned unit = 0;
    const char* begin = text.data() + at + 2;
    const auto [end, error] = std::from_chars(begin, text.data() + at + kEscape, unit, 16);
    if (error != std::errc{} || end != text.data() + at + kEscape) return std::nullopt;
    return unit;
}

bool is_first_half(unsigned unit) {
    return unit >= 0xD800 && unit < 0xDC00;
}
bool is_second_half(unsigned unit) {
    return unit >= 0xDC00 && unit < 0xE000;
}

// Puts `\ufffd` for each `\uXXXX` that is half a character and stands alone: the parser ends at
// them. Gives how much of the text is settled; what follows might go on with one. A backslash means
// nothing outside of strings, so that these need not be known.
size_t mend_halves(std::string& text, bool is_end) {
    size_t at = text.find('\\');
    for (; at != std::string::npos; at = text.find('\\', at)) {
        const size_t left = text.size() - at;
        if (left < 2 || (text[at + 1] == 'u' && left < kEscape)) break;
        const std::optional<unsigned> unit = unit_at(text, at);
        const bool first = unit && is_first_half(*unit);
        if (first && left < 2 * kEscape && !is_end) break;
        const std::optional<unsigned> next =
            first ? unit_at(text, at + kEscape) : std::optional<unsigned>();
        if (next && is_second_half(*next)) {
            at += 2 * kEscape;
        } else if (unit) {
            if (first || is_second_half(*unit)) text.replace(at, kEscape, kReplacement);
            at += kEscape;
        } else {
            at += 2;
        }
    }
    return is_end ? text.size() : std::min(at, text.size());
}

// ---- trees ----

// Makes trees of the parser's events: one of each value at `level`, which is 0 for the document
// itself and 2 for the entries of one of its members.
class TreeHandler {
  public:
    static constexpr size_t max_object_size = static_cast<size_t>(-1);
    static constexpr size_t max_array_size = static_cast<size_t>(-1);
    static constexpr size_t max_key_size = static_cast<size_t>(-1);
    static constexpr size_t max_string_size = static_cast<size_t>(-1);

    using Take = std::function<void(std::string_view name, Result<JsonValue> tree)>;

    explicit TreeHandler(Take take) : inside_(true), take_(std::move(take)) {}
    TreeHandler(std::string member, Kind container, Take take)
        : level_(2), member_(std::move(member)), container_(container), take_(std::move(take)) {}

    bool found() const { return found_; }

    // What basic_parser calls. `false`: the code says why it should end.
    bool on_document_begin(Code&) { return true; }
    bool on_document_end(Code&) { return true; }
    bool on_object_begin(Code&) { return begin(Kind::object); }
    bool on_object_end(size_t, Code&) { return end(); }
    bool on_array_begin(Code&) { return begin(Kind::array); }
    bool on_array_end(size_t, Code&) { return end(); }
    bool on_key_part(Text part, size_t, Code&) { return collect(part); }
    bool on_key(Text rest, size_t, Code&) {
        (in_tree() ? key_ : outer_key_) = whole(rest);
        return true;
    }
    bool on_string_part(Text part, size_t, Code&) { return collect(part); }
    bool on_string(Text rest, size_t, Code&) { return scalar(Kind::string, rest); }
    bool on_number_part(Text part, Code&) { return collect(part); }
    bool on_int64(int64_t, Text rest, Code&) { return scalar(Kind::number, rest); }
    bool on_uint64(uint64_t, Text rest, Code&) { return scalar(Kind::number, rest); }
    bool on_double(double, Text rest, Code&) { return scalar(Kind::number, rest); }
    bool on_bool(bool value, Code&) { return scalar(Kind::boolean, value ? "true" : "false"); }
    bool on_null(Code&) { return scalar(Kind::null, {}); }
    bool on_comment_part(Text, Code&) { return true; }
    bool on_comment(Text, Code&) { return true; }

  private:
    bool in_tree() const { return inside_ && depth_ > level_; }

    // Past the limit the bytes are dropped; a tree ends so, and outside nobody asks for them.
    bool collect(Text part) {
        bytes_ += part.size();
        if (bytes_ <= kMaxJsonTree)
            text_ += view(part);
        else if (inside_)
            give_up("is larger than " + std::to_string(kMaxJsonTree >> 20) + " MB");
        return true;
    }

    std::string whole(Text rest) {
        collect(rest);
        if (!inside_) bytes_ = 0;
        return std::exchange(text_, {});
    }

    bool begin(Kind kind) {
        if (inside_) {
            count();
            if (fault_.empty()) open_.push_back(put({kind, {}, {}}));
        } else if (depth_ == 1 && kind == container_ && outer_key_ == member_) {
            inside_ = found_ = true;
        }
        ++depth_;
        return true;
    }

    bool end() {
        --depth_;
        if (!inside_) return true;
        if (depth_ < level_) {  // the container of the entries
            inside_ = false;
            return true;
        }
        if (!open_.empty()) open_.pop_back();
        emit();
        return true;
    }

    bool scalar(Kind kind, Text rest) {
        std::string text = whole(rest);
        if (!inside_) return true;
        count();
        if (fault_.empty()) put({kind, std::move(text), {}});
        emit();
        return true;
    }

    void count() {
        if (++values_ > kMaxJsonValues)
            give_up("has more than " + std::to_string(kMaxJsonValues) + " values");
    }

    // The rest of the tree is read and forgotten.
    void give_up(const std::string& reason) {
        if (!fault_.empty()) return;
        fault_ = "it " + reason;
        open_.clear();
        root_ = {};
    }

    // While a container is open nothing is put beside it, so that what is pointed to stays.
    JsonValue* put(JsonValue value) {
        if (open_.empty()) {
            root_ = std::move(value);
            return &root_;
        }
        auto& members = open_.back()->members;
        members.push_back({std::exchange(key_, {}), std::move(value)});
        return &members.back().value;
    }

    void emit() {
        if (depth_ > level_) return;
        values_ = bytes_ = 0;
        key_.clear();
        const std::string fault = std::exchange(fault_, {});
        take_(container_ == Kind::array ? "" : outer_key_,
              fault.empty() ? Result<JsonValue>(std::exchange(root_, {}))
                            : Result<JsonValue>::failure(fault));
    }

    size_t level_ = 0;
    std::string member_;
    Kind container_ = Kind::null;
    size_t depth_ = 0;     // open containers
    bool inside_ = false;  // where values are kept
    bool found_ = false;
    std::string text_;       // of a key or scalar, as far as it has come
    std::string key_;        // within a tree
    std::string outer_key_;  // outside: of the member or entry
    JsonValue root_;
    size_t values_ = 0;  // in it, or in what was given up
    size_t bytes_ = 0;   // of its names and scalars; outside: of the one that is being read
    std::string fault_;  // why the tree was given up
    std::vector<JsonValue*> open_;
    Take take_;
};

boost::json::parse_options options() {
    boost::json::parse_options options;
    options.max_depth = kMaxJsonDepth;
    // One broken character is no reason to lose a list: it is repaired where it is written.
    options.allow_invalid_utf8 = true;
    return options;
}

std::string fault(const Code& code, size_t byte) {
    const std::string what =
        code == boost::json::error::incomplete ? "it ends too early" : code.message();
    return what + " at byte " + std::to_string(byte);
}

}  // namespace

const JsonValue* JsonValue::find(std::string_view name) const {
    for (auto member = members.rbegin(); member != members.rend(); ++member)
        if (member->name == name) return &member->value;
    return nullptr;
}

Result<JsonValue> parse_json(std::string_view text) {
    std::string mended(text);
    mend_halves(mended, true);
    Result<JsonValue> document = JsonValue();
    boost::json::basic_parser<TreeHandler> parser(
        options(),
        [&document](std::string_view, Result<JsonValue> tree) { document = std::move(tree); });
    Code code;
    const size_t read = parser.write_some(false, mended.data(), mended.size(), code);
    if (!code && read < mended.size()) code = boost::json::error::extra_data;
    if (code) return Result<JsonValue>::failure(fault(code, read));
    return document;
}

std::string to_json(std::string_view text) {
    std::string out = "\"";
    const std::string whole = repair_utf8(text);
    for (std::string_view rest = whole; !rest.empty();) {
        const size_t control = control_length(rest);
        if (control > 0) {
            // Of several bytes the first has up to five bits of it, the others six.
            unsigned code = static_cast<unsigned char>(rest[0]) & (control == 1 ? 0x7FU : 0x1FU);
            for (size_t i = 1; i < control; ++i)
                code = (code << 6U) | (static_cast<unsigned char>(rest[i]) & 0x3FU);
            out += escape(code);
        } else {
            if (rest[0] == '"' || rest[0] == '\\') out += '\\';
            out += rest[0];
        }
        rest.remove_prefix(std::max(control, size_t{1}));
    }
    return out + "\"";
}

struct JsonEntries::Parser {
    Parser(std::string member, Kind container, Take take)
        : json(options(), std::move(member), container, std::move(take)) {}

    void write(std::string_view bytes, bool more) {
        unsettled += bytes;
        const size_t settled = mend_halves(unsettled, !more);
        parse(std::string_view(unsettled).substr(0, settled), more);
        unsettled.erase(0, settled);
    }

    void parse(std::string_view piece, bool more) {
        Code code;
        const size_t got = json.write_some(more, piece.data(), piece.size(), code);
        read += got;
        // Blanks may follow.
        if (!code && got < piece.size() &&
            piece.find_first_not_of(" \t\r\n", got) != std::string_view::npos)
            code = boost::json::error::extra_data;
        if (code) throw Error(ErrorKind::corrupt, fault(code, read));
    }

    boost::json::basic_parser<TreeHandler> json;
    size_t read = 0;        // bytes
    std::string unsettled;  // the beginning of an escape
};

JsonEntries::JsonEntries(std::string member, Kind container, Take take)
    : parser_(std::make_unique<Parser>(std::move(member), container, std::move(take))) {}
JsonEntries::~JsonEntries() = default;

void JsonEntries::write(std::string_view piece) {
    parser_->write(piece, true);
}

void JsonEntries::finish() {
    parser_->write("", false);
}

bool JsonEntries::found() const {
    return parser_->json.handler().found();
}

JsonObject& JsonObject::add_json(std::string_view name, std::string_view json) {
    if (!members_.empty()) members_ += ", ";
    members_.append(to_json(name)).append(": ").append(json);
    return *this;
}

std::string json_array(const std::vector<std::string>& values) {
    std::string text;
    for (const std::string& value : values) text.append(text.empty() ? "" : ", ").append(value);
    return "[" + text + "]";
}

}  // namespace onemarket
