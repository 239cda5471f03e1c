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

TEST(Json, WrittenStringsAreReadBack) {
    for (const char* text : {"", "a", "\"quotes\" \\ and / slashes", "line\nbreak\ttab\x01\x7f",
                             "\xc3\xa9 \xe2\x98\x83", "\\u0041"}) {
        const std::string json = to_json(text);
        EXPECT_EQ(json.find('\n'), std::string::npos);
        EXPECT_EQ(parsed(json), "'" + std::string(text) + "'") << json;
    }
    EXPECT_EQ(to_json("\n\x7f\u009b\u202e\u2069é"), R"("\u000a\u007f\u009b\u202e\u2069é")");
    EXPECT_EQ(to_json("a\xff"), "\"a\xef\xbf\xbd\"");
    EXPECT_EQ(parsed(to_json(std::string_view("\0", 1))), "'" + std::string(1, '\0') + "'");
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

TEST(Json, HalvesOfCharactersAreRepaired) {
    EXPECT_EQ(parsed(R"("a\ud83d\ude00z")"), "'a😀z'");
    for (const auto& [text, expected] : std::vector<std::pair<std::string, std::string>>{
             {R"("a\ud800z")", "'a\uFFFDz'"},
             {R"("\uDC00")", "'\uFFFD'"},
             {R"("\ud800\ud800\udc00")", "'\uFFFD\U00010000'"},
             {R"("\ud800\n")", "'\uFFFD\n'"},
             {R"("\ud800\u0041")", "'\uFFFDA'"},
             {R"("\ude00\ud83d")", "'\uFFFD\uFFFD'"},
             {R"("\\ud800")", "'\\ud800'"},
             {R"("\\\ud800")", "'\\\uFFFD'"},
             {R"({"\ud800":1})", "{\uFFFD:1,}"}})
        EXPECT_EQ(parsed(text), expected) << text;
    for (const char* wrong : {R"("\ud8")", R"("\ud8zz")", R"("\ud800\)", R"("\ud800\u12)", R"("\)"})
        EXPECT_FALSE(parse_json(wrong)) << wrong;
}

TEST(Json, ATreeHasALimit) {
    const auto list = [](size_t count) {
        std::string text = "[0";
        while (--count > 0) text += ",0";
        return text + "]";
    };
    EXPECT_TRUE(parse_json(list(kMaxJsonValues - 1)));
    EXPECT_EQ(parse_json(list(kMaxJsonValues)).reason(), "it has more than 100000 values");

    const std::string half(kMaxJsonTree / 2, 'x');
    EXPECT_TRUE(parse_json("[\"" + half + "\",\"" + half + "\"]"));
    EXPECT_EQ(parse_json("[\"" + half + "\",\"" + half + "\",{\"a\":[1]}]").reason(),
              "it is larger than 4 MB");
    EXPECT_FALSE(parse_json("{\"" + half + half + "x\":[]}"));
    EXPECT_FALSE(parse_json("{\"" + half + half + "x\":[}")) << "the rest must be right";
}

// The entries of a document that arrives in pieces of this size, or the Error's text.
std::string entries(const std::string& text, size_t piece, Kind container = Kind::array) {
    std::string shown;
    const auto take = [&](std::string_view name, const Result<JsonValue>& entry) {
        shown += std::string(name) + "=" + (entry ? show(*entry) : entry.reason()) + ";";
    };
    JsonEntries reader("list", container, take);
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
    for (const size_t piece : {1U, 2U, 3U, 7U, 1000U}) {
        EXPECT_EQ(entries(array, piece), "=1.25;='a\"b€';={list:[2,],};=[3,];=null;=true;")
            << piece;
        EXPECT_EQ(entries(object, piece, Kind::object), "a={b:[1,],};c='d';") << piece;
    }
}

TEST(JsonEntries, HalvesOfCharactersAreRepairedHoweverTheyArrive) {
    const std::string text = R"({"list":["\ud83d\ude00","\ud83d","\\ud83d","\ud83dx\ude00"]})";
    for (size_t piece = 1; piece < 20; ++piece)
        EXPECT_EQ(entries(text, piece), "='😀';='\uFFFD';='\\ud83d';='\uFFFDx\uFFFD';") << piece;
}

TEST(JsonEntries, OneThatIsTooLargeIsLeftOutAlone) {
    const std::string large(kMaxJsonTree + 1, 'x');
    std::string values = "[0";
    for (size_t i = 0; i < kMaxJsonValues; ++i) values += ",{}";
    values += "]";
    const std::string shown =
        "={a:[1,],};=it is larger than 4 MB;=[2,];=it is larger than 4 MB;=it is larger than 4 MB;"
        "=it has more than 100000 values;='b';";
    EXPECT_EQ(entries(R"({"list":[{"a":[1]},{"a":{"b":[")" + large + R"("],"c":[1,{}]}},[2],")" +
                          large + R"(",{"a":1,")" + large + R"(":{"b":1}},)" + values + R"(,"b"]})",
                      1'000'003),
              shown);
    EXPECT_EQ(entries(R"({"x":")" + large + R"(","list":{"a":1,"b":")" + large +
                          R"(","c":{"d":2}},"y":[")" + large + large + "\"]}",
                      999'983, Kind::object),
              "a=1;b=it is larger than 4 MB;c={d:2,};");
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
    JsonEntries reader("list", Kind::array, [](std::string_view, const Result<JsonValue>&) {
        throw Error(ErrorKind::limit, "enough");
    });
    EXPECT_EQ(test::error_of([&] { reader.write(R"({"list":[1]})"); }).kind(), ErrorKind::limit);
}

}  // namespace
}  // namespace onemarket
