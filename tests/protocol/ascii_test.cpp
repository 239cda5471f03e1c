// SPDX-License-Identifier: Apache-2.0
#include "protocol/ascii.h"

#include <gtest/gtest.h>

#include <cctype>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace onemarket {
namespace {

using std::string_literals::operator""s;
using Words = std::vector<std::string_view>;

TEST(Ascii, ClassesAgreeWithTheCLocaleAndKnowNothingAbove127) {
    for (int value = 0; value < 256; ++value) {
        const char c = static_cast<char>(value);
        const bool ascii = value < 128;
        EXPECT_EQ(ascii::is_blank(c), ascii && std::isblank(value)) << value;
        EXPECT_EQ(ascii::is_space(c), ascii && std::isspace(value)) << value;
        EXPECT_EQ(ascii::is_digit(c), ascii && std::isdigit(value)) << value;
        EXPECT_EQ(ascii::is_control(c), ascii && std::iscntrl(value)) << value;
        EXPECT_EQ(ascii::is_alnum(c), ascii && std::isalnum(value)) << value;
        EXPECT_EQ(ascii::lower(c), ascii ? static_cast<char>(std::tolower(value)) : c) << value;
    }
}

TEST(Ascii, ComparesWithoutCase) {
    EXPECT_TRUE(ascii::iequals("", ""));
    EXPECT_TRUE(ascii::iequals("Yes", "yES"));
    EXPECT_FALSE(ascii::iequals("yes", "yes "));
    EXPECT_FALSE(ascii::iequals("yes", "ye"));
    EXPECT_FALSE(ascii::iequals("@[`{", "`{@["));  // the neighbours of the letters
    EXPECT_FALSE(ascii::iequals("Ä", "ä"));        // ASCII only
    EXPECT_EQ(ascii::to_lower("AbZ09-Ä"), "abz09-Ä");
}

TEST(Ascii, TrimsWhiteSpaceOfEverySort) {
    EXPECT_EQ(ascii::trim(" \t\r\n\v\fa b\r\n"), "a b");
    EXPECT_EQ(ascii::trim("a"), "a");
    EXPECT_EQ(ascii::trim(" \t "), "");
    EXPECT_EQ(ascii::trim(""), "");
    EXPECT_EQ(ascii::trim("\0 "s), "\0"s);       // NUL is no white space
    EXPECT_EQ(ascii::trim("\u00A0"), "\u00A0");  // neither is what Unicode calls so
}

struct SplitCase {
    const char* name;
    std::string text;
    std::string separators;
    Words expected;
};

TEST(Ascii, SplitLeavesEmptyWordsOut) {
    const std::vector<SplitCase> cases = {
        {"empty", "", ",", {}},
        {"only separators", ",,,", ",", {}},
        {"one word", "a", ",", {"a"}},
        {"several", "a,b,c", ",", {"a", "b", "c"}},
        {"runs, and both ends", ",,a,,b,,", ",", {"a", "b"}},
        {"any of the separators", "a, b\tc", ", \t", {"a", "b", "c"}},
        {"no separator", "a b", "", {"a b"}},
    };
    for (const auto& c : cases) EXPECT_EQ(ascii::split(c.text, c.separators), c.expected) << c.name;
}

TEST(Ascii, NumbersAreDigitsAndNothingElse) {
    EXPECT_EQ(ascii::parse_number("0"), 0);
    EXPECT_EQ(ascii::parse_number("42"), 42);
    EXPECT_EQ(ascii::parse_number("007"), 7);
    for (const auto& text : {""s, "-1"s, "+1"s, " 1"s, "1 "s, "1\n"s, "1\0"s, "\0001"s, "0x10"s,
                             "ff"s, "1e3"s, "1.5"s, "1,000"s, "१"s}) {
        EXPECT_EQ(ascii::parse_number(text), std::nullopt) << "'" << text << "'";
    }
}

TEST(Ascii, NumbersEndWhereTheirTypeDoes) {
    EXPECT_EQ(ascii::parse_number<int>("2147483647"), std::numeric_limits<int>::max());
    EXPECT_EQ(ascii::parse_number<int>("2147483648"), std::nullopt);
    EXPECT_EQ(ascii::parse_number<unsigned>("4294967295"), std::numeric_limits<unsigned>::max());
    EXPECT_EQ(ascii::parse_number<unsigned>("4294967296"), std::nullopt);
    EXPECT_EQ(ascii::parse_number("9223372036854775807"), std::numeric_limits<int64_t>::max());
    EXPECT_EQ(ascii::parse_number("9223372036854775808"), std::nullopt);
    EXPECT_EQ(ascii::parse_number<uint64_t>(std::string(1000, '9')), std::nullopt);
    EXPECT_EQ(ascii::parse_number<uint64_t>(std::string(1000, '0') + "5"), 5U);
}

TEST(Ascii, UpperCaseIsOfAsciiAlone) {
    EXPECT_EQ(ascii::to_upper("aZ_9{`\xc3\xa9"), "AZ_9{`\xc3\xa9");
}

TEST(Ascii, FlagsAreYesOrNo) {
    for (const char* yes : {"yes", "YES", "True", "1"}) EXPECT_EQ(ascii::parse_flag(yes), true);
    for (const char* no : {"no", "No", "FALSE", "0"}) EXPECT_EQ(ascii::parse_flag(no), false);
    for (const char* other : {"", "y", "yes ", "10"})
        EXPECT_EQ(ascii::parse_flag(other), std::nullopt);
}

}  // namespace
}  // namespace onemarket
