// SPDX-License-Identifier: Apache-2.0
// What a catalogue says is what oned reads: from JSON to a list, and back by the project's parser,
// which has oned's rules.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "backends/discovery/app_list.h"
#include "backends/discovery/appliance.h"
#include "protocol/base64.h"
#include "protocol/template.h"
#include "protocol/utf8.h"
#include "tests/backends/helpers.h"

namespace onemarket {
namespace {

using std::string_literals::operator""s;

const std::string kMd5(32, 'a');

// What is left of a value: oned's XML cannot hold control characters, U+FFFE, U+FFFF and `]]>`, its
// lexer no backslash at the end. Written down a second time, from the rules.
std::string kept(std::string value) {
    for (const char* none : {"\xEF\xBF\xBE", "\xEF\xBF\xBF"})
        for (size_t at = value.find(none); at != std::string::npos; at = value.find(none))
            value.replace(at, 3, "\uFFFD");
    std::string clean;
    for (const char c : repair_utf8(value)) {
        const bool control =
            (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7f;
        if (!control) clean += c;
    }
    for (size_t at = clean.find("]]>"); at != std::string::npos; at = clean.find("]]>", at + 4))
        clean.insert(at + 2, " ");
    if (clean.ends_with('\\')) clean += ' ';
    return clean;
}

std::string quoted(const std::string& text) {
    std::string json = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\')
            json += {'\\', c};
        else if (byte < 0x20)
            json +=
                {'\\', 'u', '0', '0', "0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15]};
        else
            json += c;
    }
    return json + "\"";
}

Template parsed(const std::string& text) {
    Result<Template> result = parse_template(text);
    if (!result) throw std::runtime_error(result.reason());
    return std::move(*result);
}

// The one app of a list.
Template app_of(const std::string& entry) {
    test::TestContext context;
    AppList list(context.log);
    auto app = read_appliance("http://m", *parse_json(entry));
    if (!app || !*app) throw std::runtime_error("malformed");
    list.add(std::move(**app));
    const Template text = parsed(list.take_text(context));
    EXPECT_EQ(text.size(), 1U);
    return parsed(*base64_decode(*text.find("APP")));
}

const std::string& value(const Template& text, const char* key) {
    const std::string* found = text.find(key);
    if (found == nullptr) throw std::runtime_error(std::string(key) + " is missing");
    return *found;
}

void check(const std::string& hostile) {
    SCOPED_TRACE(quoted(hostile));
    const std::string given = quoted(hostile);
    const std::string machine = quoted("{\"RAW\":{\"DATA\":" + given +
                                       ",\"TYPE\":\"kvm\"},\"LOGO\":" + given + ",\"LAST\":\"x\"}");
    const std::string common = R"({"_id":{"$oid":"1"},"name":)" + quoted("n" + hostile) +
                               ",\"publisher\":" + given + ",\"short_description\":" + given +
                               ",\"opennebula_template\":" + machine;
    const std::string expected = kept(hostile);

    const Template image =
        app_of(common + R"(,"files":[{"md5":")" + kMd5 + R"(","dev_prefix":)" + given + "}]}");
    EXPECT_EQ(value(image, "NAME"), app_name("n" + hostile));
    for (const char* none : {"\xEF\xBF\xBE", "\xEF\xBF\xBF"})
        EXPECT_EQ(value(image, "NAME").find(none), std::string::npos);
    EXPECT_EQ(value(image, "MD5"), kMd5);
    const Template vm = parsed(*base64_decode(value(image, "VMTEMPLATE64")));
    EXPECT_EQ(value(vm, "LAST"), "x");
    EXPECT_EQ(value(vm, "HYPERVISOR"), "kvm");
    ASSERT_NE(vm.find_vector("RAW"), nullptr);
    EXPECT_EQ(vm.find_vector("RAW")->at("TYPE"), "kvm");
    if (!hostile.empty()) {
        EXPECT_EQ(value(image, "PUBLISHER"), expected);
        EXPECT_EQ(value(image, "DESCRIPTION"), expected);
        const Template disk = parsed(*base64_decode(value(image, "APPTEMPLATE64")));
        EXPECT_EQ(value(disk, "DEV_PREFIX"), expected);
        EXPECT_EQ(value(vm, "LOGO"), expected);
        EXPECT_EQ(vm.find_vector("RAW")->at("DATA"), expected);
    }

    const Template machine_template =
        app_of(common + R"(,"type":"VMTEMPLATE","disks":[)" + quoted("n" + hostile) + "]}");
    ASSERT_NE(machine_template.find_vector("DISK"), nullptr);
    EXPECT_EQ(machine_template.find_vector("DISK")->at("APP"), value(machine_template, "NAME"));

    const Template service = app_of(common + R"(,"type":"SERVICE_TEMPLATE","roles":{)" +
                                    quoted("r" + hostile) + ":" + quoted("n" + hostile) + "}}");
    ASSERT_NE(service.find_vector("ROLE"), nullptr);
    EXPECT_EQ(service.find_vector("ROLE")->at("NAME"), kept("r" + hostile));
    EXPECT_EQ(service.find_vector("ROLE")->at("APP"), value(service, "NAME"));
}

TEST(RoundTrip, HostileValues) {
    for (const std::string& hostile : {""s,
                                       "\""s,
                                       "\\"s,
                                       "\\\\"s,
                                       "\\\""s,
                                       "a\\\\\\"s,
                                       "]]>"s,
                                       "]]]]>>"s,
                                       "]]\x01>"s,
                                       "[a=\"b\"]"s,
                                       "\n"s,
                                       "\r\n"s,
                                       "a\nb"s,
                                       "\t"s,
                                       "\x01\x02\x1f\x7f"s,
                                       "\0"s,
                                       "a\0b"s,
                                       "\xff\xfe"s,
                                       "\xc3"s,
                                       "\xe2\x82"s,
                                       "\xed\xa0\x80"s,
                                       "\xef\xbf\xbe"s,
                                       "a\xef\xbf\xbf"s,
                                       "\xef\xbf"s,
                                       "é€😀"s,
                                       ",=#[]"s,
                                       "# comment"s,
                                       "\" KEY=\"x"s,
                                       "\"\nKEY=\"x\"\n"s,
                                       "$USER[KEY]"s,
                                       "<![CDATA["s,
                                       "' or 1"s,
                                       std::string(5000, '"'),
                                       std::string(300, '\\')})
        check(hostile);
}

TEST(RoundTrip, RandomValues) {
    std::mt19937 random(20251122);
    const std::vector<std::string> parts = {
        "\"",       "\\",           "]",    "]]>",  ">",   "[", "\n",
        "\r",       "\t",           ",",    "=",    "#",   " ", "a",
        "é",        "\xff",         "\xc3", "\x01", "\0"s, "'", "$",
        "\xef\xbf", "\xef\xbf\xbe", "\xbf"};
    for (int round = 0; round < 500; ++round) {
        std::string hostile;
        for (size_t n = random() % 12; n > 0; --n) hostile += parts[random() % parts.size()];
        check(hostile);
    }
}

// oned's rules as they stand in docs/protocol.md, by the parser these tests believe.
TEST(RoundTrip, TheParserHasOnedsRules) {
    const auto single = [](const std::string& text) { return value(parsed(text), "K"); };
    EXPECT_EQ(single("K=\"a\\\"b\"\n"), "a\"b") << "an escaped quote";
    EXPECT_EQ(single("K=\"a\\\\b\"\n"), "a\\\\b") << "two backslashes stay two";
    EXPECT_EQ(single("K=\"a\\\"\nL=\"\n"), "a\"\nL=") << "a final backslash swallows what follows";
    EXPECT_EQ(single("K=\"a\n[b], = # c\"\n"), "a\n[b], = # c") << "safe within quotes";
    EXPECT_FALSE(parse_template("K=\"a]]>b\"\nL=\"c\"\n")) << "ends the parse";
    EXPECT_FALSE(parse_template("A-B=\"c\"\n")) << "no key";
    EXPECT_FALSE(parse_template("K=[A=[B=\"c\"]]\n")) << "nothing nests";
    EXPECT_EQ(parsed("K=[A=\"1\", A=\"2\"]\n").find_vector("K")->at("A"), "1") << "the first wins";
    EXPECT_EQ(parsed("K=\"1\"\nA=\"x\"\nK=\"2\"\n").values("K").size(), 2U)
        << "equal keys are kept";
    EXPECT_EQ(parsed("K=\"1\"\nA=\"x\"\n").begin()->key, "A") << "sorted";
    EXPECT_EQ(single("K=\"a\"\r\n"), "\"a\"\r") << "a CR leaves the quotes in the value";
}

}  // namespace
}  // namespace onemarket
