// SPDX-License-Identifier: Apache-2.0
// JSON: read in pieces it is what it is as a whole, entry by entry what it is as a tree; what is
// written is read as it was.
#include "backends/io/json.h"

#include "protocol/utf8.h"
#include "tests/fuzz/fuzz.h"

namespace onemarket::fuzz {
namespace {

using Kind = JsonValue::Kind;

std::string text_of(const JsonValue& value) {
    std::vector<std::string> values;
    switch (value.kind) {
        case Kind::null:
            return "null";
        case Kind::boolean:
        case Kind::number:
            return value.text;
        case Kind::string:
            return to_json(value.text);
        case Kind::array:
            for (const JsonMember& member : value.members) values.push_back(text_of(member.value));
            return json_array(values);
        case Kind::object:
            break;
    }
    JsonObject object;
    for (const JsonMember& member : value.members)
        object.add_json(member.name, text_of(member.value));
    return object.text();
}

size_t depth_of(const JsonValue& value) {
    size_t depth = 0;
    for (const JsonMember& member : value.members) depth = std::max(depth, depth_of(member.value));
    return depth + (value.is(Kind::array) || value.is(Kind::object) ? 1 : 0);
}

struct Entries {
    bool whole = false, found = false;
    std::vector<std::string> texts;
    bool operator==(const Entries&) const = default;
};

Entries entries_of(const std::vector<std::string_view>& pieces) {
    Entries got;
    JsonEntries entries("m", Kind::array, [&](std::string_view, const Result<JsonValue>& entry) {
        got.texts.push_back(entry ? text_of(*entry) : entry.reason());
    });
    try {
        for (const std::string_view piece : pieces) entries.write(piece);
        entries.finish();
        got.whole = true;
    } catch (const Error& error) {
        must(error.kind() == ErrorKind::corrupt && is_one_line(error.what()),
             "what is wrong is said");
    }
    got.found = entries.found();
    return got;
}

}  // namespace

void one_input(std::string_view input) {
    const Result<JsonValue> read = parse_json(input);
    if (!read) {
        must(is_one_line(read.reason()), "a reason is one line");
    } else {
        must(depth_of(*read) <= kMaxJsonDepth, "there is an end of depth");
        const std::string written = text_of(*read);
        const Result<JsonValue> again = parse_json(written);
        must(again && text_of(*again) == written, "what was read can be written");
    }
    const Entries whole = entries_of({input});
    must(entries_of(cut(input, static_cast<unsigned>(input.size()))) == whole,
         "pieces give the entries of the whole");
    must(!read || !read->is(Kind::object) || whole.whole, "what is a tree is whole");
    must(!whole.whole || static_cast<bool>(read), "what is whole is a tree");
    if (read && read->is(Kind::object) && whole.texts.empty() && whole.found)
        must(read->find("m") != nullptr, "what is found is there");

    const Result<JsonValue> string = parse_json(to_json(input));
    must(is_one_line(to_json(input)) && string && string->is(Kind::string) &&
             string->text == repair_utf8(input),
         "a string is read as it was written");
}

}  // namespace onemarket::fuzz
