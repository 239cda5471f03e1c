// SPDX-License-Identifier: Apache-2.0
#include "backends/io/json.h"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/src.hpp>  // the library itself: nothing of it is to be linked
#include <utility>

namespace onemarket {
namespace {

using Kind = JsonValue::Kind;
using Code = boost::json::error_code;
using Text = boost::json::string_view;

constexpr size_t kUsualMembers = 24;

std::string_view view(Text text) {
    return {text.data(), text.size()};
}

// Makes trees of the parser's events: one of each value at `level`, which is 0 for the document
// itself and 2 for the entries of one of its members.
class TreeHandler {
  public:
    static constexpr size_t max_object_size = static_cast<size_t>(-1);
    static constexpr size_t max_array_size = static_cast<size_t>(-1);
    static constexpr size_t max_key_size = kMaxJsonString;
    static constexpr size_t max_string_size = kMaxJsonString;

    // The value may be moved from.
    using Take = std::function<void(std::string_view name, JsonValue& value)>;

    explicit TreeHandler(Take take) : inside_(true), take_(std::move(take)) {}
    TreeHandler(std::string member, Kind container, Take take)
        : level_(2), member_(std::move(member)), container_(container), take_(std::move(take)) {}

    bool found() const { return found_; }

    // What basic_parser calls. `false`: the code says why it should end.
    bool on_document_begin(Code&) { return true; }
    bool on_document_end(Code&) { return true; }
    bool on_object_begin(Code& code) { return begin(Kind::object, code); }
    bool on_object_end(size_t, Code&) { return end(); }
    bool on_array_begin(Code& code) { return begin(Kind::array, code); }
    bool on_array_end(size_t, Code&) { return end(); }
    bool on_key_part(Text part, size_t, Code&) { return collect(part); }
    bool on_key(Text rest, size_t, Code&) {
        (inside_ && depth_ > level_ ? key_ : outer_key_) = whole(rest);
        return true;
    }
    bool on_string_part(Text part, size_t, Code&) { return collect(part); }
    bool on_string(Text rest, size_t, Code& code) { return scalar(Kind::string, rest, code); }
    bool on_number_part(Text part, Code&) { return collect(part); }
    bool on_int64(int64_t, Text rest, Code& code) { return scalar(Kind::number, rest, code); }
    bool on_uint64(uint64_t, Text rest, Code& code) { return scalar(Kind::number, rest, code); }
    bool on_double(double, Text rest, Code& code) { return scalar(Kind::number, rest, code); }
    bool on_bool(bool value, Code& code) {
        return scalar(Kind::boolean, value ? "true" : "false", code);
    }
    bool on_null(Code& code) { return scalar(Kind::null, {}, code); }
    bool on_comment_part(Text, Code&) { return true; }
    bool on_comment(Text, Code&) { return true; }

  private:
    bool collect(Text part) {
        text_ += view(part);
        return true;
    }

    std::string whole(Text rest) {
        if (text_.empty()) return std::string(view(rest));
        collect(rest);
        return std::exchange(text_, {});
    }

    bool begin(Kind kind, Code& code) {
        if (inside_) {
            if (!count(code)) return false;
            open_.push_back(put({kind, {}, {}}));
            open_.back()->members.reserve(kUsualMembers);
        } else if (depth_ == 1 && kind == container_ && outer_key_ == member_) {
            inside_ = found_ = true;
        }
        ++depth_;
        return true;
    }

    bool end() {
        --depth_;
        if (!inside_) return true;
        if (open_.empty()) {  // the container of the entries
            inside_ = false;
            return true;
        }
        open_.pop_back();
        emit();
        return true;
    }

    bool scalar(Kind kind, Text rest, Code& code) {
        std::string text = whole(rest);
        if (!inside_) return true;
        if (!count(code)) return false;
        put({kind, std::move(text), {}});
        emit();
        return true;
    }

    bool count(Code& code) {
        if (++values_ > kMaxJsonValues) code = boost::json::error::array_too_large;
        return !code;
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
        if (!open_.empty()) return;
        values_ = 0;
        take_(container_ == Kind::array ? "" : outer_key_, root_);
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
    size_t values_ = 0;  // in it
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
    JsonValue document;
    boost::json::basic_parser<TreeHandler> parser(
        options(),
        [&document](std::string_view, JsonValue& value) { document = std::move(value); });
    Code code;
    const size_t read = parser.write_some(false, text.data(), text.size(), code);
    if (!code && read < text.size()) code = boost::json::error::extra_data;
    if (code) return Result<JsonValue>::failure(fault(code, read));
    return document;
}

struct JsonEntries::Parser {
    Parser(std::string member, Kind container, Take take)
        : json(options(), std::move(member), container, std::move(take)) {}

    void write(std::string_view piece, bool more) {
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
    size_t read = 0;  // bytes
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

}  // namespace onemarket
