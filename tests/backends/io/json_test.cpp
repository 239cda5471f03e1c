// SPDX-License-Identifier: Apache-2.0
#include "backends/io/json.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/backends/helpers.h"

namespace onemarket {
namespace {

using Kind = JsonValue::Kind;

// A value as text that tells its kinds: "s" strings, n numbers as written, and so on.
std::string show(const JsonValue& value) {
    switch (value.kind) {
        case Kind::null:
            return "null";
        case Kind::boolean:
        case Kind::number:
            return value.text;
        case Kind::string:
            return "'" + value.text + "'";
        case Kind::array:
        case Kind::object:
            break;
    }
    std::string text = value.is(Kind::array) ? "[" : "{";
    for (const JsonMember& member : value.members)
        text += (member.name.empty() ? "" : member.name + ":") + show(member.value) + ",";
    return text + (value.is(Kind::array) ? "]" : "}");
}

std::string parsed(const std::string& text) {
    const Result<JsonValue> value = parse_json(text);
    return value ? show(*value) : value.reason();
}

TEST(Json, ScalarsAreKeptAsWritten) {
    EXPECT_EQ(parsed(R"([1,-0,1.50,1e3,12345678901234567890123,true,false,null,"x",""])"),
              "[1,-0,1.50,1e3,12345678901234567890123,true,false,null,'x','',]");
    EXPECT_EQ(parsed(" 7 "), "7");
}

TEST(Json, TreesKeepTheirOrder) {
    EXPECT_EQ(parsed(R"({"b":{"c":[1,[],{}]},"a":"\u00e9\n"})"), "{b:{c:[1,[],{},],},a:'é\n',}");
}

TEST(Json, OfEqualNamesTheLastCounts) {
    EXPECT_EQ(parse_json(R"({"a":1,"a":2})")->find("a")->text, "2");
    EXPECT_EQ(parse_json("{}")->find("a"), nullptr);
}

TEST(Json, BrokenUtf8IsLetThrough) {
    EXPECT_EQ(parsed("\"a\xff\""), "'a\xff'");
}

TEST(Json, WhatIsNoneSaysWhere) {
    EXPECT_EQ(parsed(""), "it ends too early at byte 0");
    EXPECT_EQ(parsed("[1,2"), "it ends too early at byte 4");
    EXPECT_EQ(parsed("{\"a\" 1}"), "syntax error at byte 5");
    EXPECT_EQ(parsed("{} x"), "extra data at byte 3");
    EXPECT_EQ(parsed(std::string(40, '[')), "too deep at byte 32");
    EXPECT_EQ(parsed("[1,]"), "syntax error at byte 3");
}

TEST(Json, ATreeHasALimit) {
    const auto list = [](size_t count) {
        std::string text = "[0";
        while (--count > 0) text += ",0";
        return text + "]";
    };
    EXPECT_TRUE(parse_json(list(kMaxJsonValues - 1)));
    EXPECT_FALSE(parse_json(list(kMaxJsonValues)));
}

// The entries of a document that arrives in pieces of this size, or the Error's text.
std::string entries(const std::string& text, size_t piece, Kind container = Kind::array) {
    std::string shown;
    JsonEntries reader("list", container, [&](std::string_view name, const JsonValue& value) {
        shown += std::string(name) + "=" + show(value) + ";";
    });
    try {
        for (size_t at = 0; at < text.size(); at += piece) reader.write(text.substr(at, piece));
        reader.finish();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::corrupt);
        return error.what();
    }
    return reader.found() ? shown : "none";
}

TEST(JsonEntries, AreGivenHoweverTheBytesArrive) {
    const std::string array =
        R"({"x":{"list":[0]},"list":[1.25,"a\"b\u20ac",{"list":[2]},[3],null,true],"y":[9]} )";
    const std::string object = R"({"list":{"a":{"b":[1]},"c":"d"},"z":1})";
    for (const size_t piece : {1, 2, 3, 7, 1000}) {
        EXPECT_EQ(entries(array, piece), "=1.25;='a\"b€';={list:[2,],};=[3,];=null;=true;")
            << piece;
        EXPECT_EQ(entries(object, piece, Kind::object), "a={b:[1,],};c='d';") << piece;
    }
}

TEST(JsonEntries, WhereTheMemberIsMissingOrOfAnotherKindThereAreNone) {
    for (const char* text : {"{}", "[]", "7", R"({"list":{}})", R"({"list":7})",
                             R"([{"list":[1]}])", R"({"a":{"list":[1]}})"})
        EXPECT_EQ(entries(text, 3), "none") << text;
    EXPECT_EQ(entries(R"({"list":[]})", 3), "");
}

TEST(JsonEntries, TheEndMustBeThere) {
    const std::string whole = R"({"list":[1,2]})";
    for (size_t size = 0; size < whole.size(); ++size)
        EXPECT_EQ(entries(whole.substr(0, size), 5),
                  "it ends too early at byte " + std::to_string(size));
    EXPECT_EQ(entries(whole + " \r\n\t ", 2), "=1;=2;");
    EXPECT_EQ(entries(whole + "  x", 1000), "extra data at byte 16");
}

TEST(JsonEntries, WhatTakingThrowsGoesThrough) {
    JsonEntries reader("list", Kind::array, [](std::string_view, const JsonValue&) {
        throw Error(ErrorKind::limit, "enough");
    });
    EXPECT_EQ(test::error_of([&] { reader.write(R"({"list":[1]})"); }).kind(), ErrorKind::limit);
}

}  // namespace
}  // namespace onemarket
