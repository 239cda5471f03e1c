// SPDX-License-Identifier: Apache-2.0
// JSON (RFC 8259): a string of it written; read by Boost.JSON, a small document as a tree, or a
// large one entry by entry as its bytes arrive, so that it is never in memory as a whole.
#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/error.h"

namespace onemarket {

struct JsonMember;

// A value that owns its strings. Scalars are kept as text: numbers as they were written, booleans
// as `true` and `false`.
struct JsonValue {
    enum class Kind { null, boolean, number, string, array, object };

    Kind kind = Kind::null;
    std::string text;                 // of a scalar; invalid UTF-8 is let through
    std::vector<JsonMember> members;  // of an array or object, in its order

    bool is(Kind which) const { return kind == which; }
    bool is_scalar() const {
        return kind == Kind::boolean || kind == Kind::number || kind == Kind::string;
    }
    // null, "", [] and {}.
    bool is_empty() const { return text.empty() && members.empty(); }
    // The last member of that name, as most readers take it; null where there is none.
    const JsonValue* find(std::string_view name) const;
};

struct JsonMember {
    std::string name;  // empty in an array
    JsonValue value;
};

// Past this the text counts as wrong.
inline constexpr size_t kMaxJsonDepth = 32;

// Past these a tree is given up: bytes of its names and scalars, and values.
inline constexpr size_t kMaxJsonTree = size_t{4} << 20;
inline constexpr size_t kMaxJsonValues = 100'000;

// An escaped half of a character, as in "\ud83d", which JSON allows, is read as U+FFFD.
// The failure's reason is `<what> at byte N`, or which limit was passed, and repeats nothing of the
// text.
Result<JsonValue> parse_json(std::string_view text);

// A text as a JSON string, quotes and all, in one line; what is no UTF-8 is repaired, and what a
// terminal obeys is escaped.
std::string to_json(std::string_view text);

// An object on its way to a text of one line, member by member.
class JsonObject {
  public:
    JsonObject& add(std::string_view name, std::string_view value) {
        return add_json(name, to_json(value));
    }
    JsonObject& add(std::string_view name, const char* value) {
        return add(name, std::string_view(value));
    }
    JsonObject& add(std::string_view name, bool value) {
        return add_json(name, value ? "true" : "false");
    }
    template <std::integral Number>
    JsonObject& add(std::string_view name, Number value) {
        return add_json(name, std::to_string(value));
    }
    // Nothing where there is nothing.
    template <class Value>
    JsonObject& add(std::string_view name, const std::optional<Value>& value) {
        return value ? add(name, *value) : *this;
    }
    // `json`: a value as it is written.
    JsonObject& add_json(std::string_view name, std::string_view json);

    std::string text() const { return "{" + members_ + "}"; }

  private:
    std::string members_;
};

// `values`: as they are written.
std::string json_array(const std::vector<std::string>& values);

// Reads a document that is an object, and gives the entries of one of its members, an array or an
// object, one after the other. All else in it is checked and forgotten. Not thread-safe.
class JsonEntries {
  public:
    // `name` is empty where the entries are those of an array. An entry past a limit is a failure
    // with the reason, and those behind it follow. What it throws goes through write().
    using Take = std::function<void(std::string_view name, const Result<JsonValue>& entry)>;

    // `container`: array or object; where the member is something else there are no entries.
    JsonEntries(std::string member, JsonValue::Kind container, Take take);
    ~JsonEntries();

    // The next bytes of the document. Throws Error (corrupt) that says what is wrong, and where.
    void write(std::string_view piece);
    // The end of it: the same Error when it is not complete.
    void finish();
    // Whether the member was there.
    bool found() const;

  private:
    struct Parser;
    std::unique_ptr<Parser> parser_;
};

}  // namespace onemarket
