// SPDX-License-Identifier: Apache-2.0
#include "protocol/utf8.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace onemarket {
namespace {

using std::string_literals::operator""s;

std::string encode(char32_t c) {
    const auto byte = [](char32_t value) { return static_cast<char>(value); };
    if (c < 0x80) return {byte(c)};
    if (c < 0x800) return {byte(0xC0 | c >> 6), byte(0x80 | (c & 0x3F))};
    if (c < 0x10000) {
        return {byte(0xE0 | c >> 12), byte(0x80 | (c >> 6 & 0x3F)), byte(0x80 | (c & 0x3F))};
    }
    return {byte(0xF0 | c >> 18), byte(0x80 | (c >> 12 & 0x3F)), byte(0x80 | (c >> 6 & 0x3F)),
            byte(0x80 | (c & 0x3F))};
}

// Shows U+FFFD as '?', for a readable table; no case has a '?' of its own.
std::string repaired(std::string_view text) {
    auto result = repair_utf8(text);
    for (auto at = result.find("\uFFFD"); at != std::string::npos; at = result.find("\uFFFD")) {
        result.replace(at, 3, "?");
    }
    return result;
}

struct RepairCase {
    const char* name;
    std::string text;
    std::string expected;
};

TEST(Utf8, RepairsByMaximalSubparts) {
    const std::vector<RepairCase> cases = {
        {"empty", "", ""},
        {"ASCII", "plain text, longer than a word", "plain text, longer than a word"},
        {"NUL is a character", "a\0b"s, "a\0b"s},
        {"two, three and four bytes", "é€😀", "é€😀"},
        {"U+FFFD itself", "\uFFFD", "?"},
        {"lone continuation", "a\x80z", "a?z"},
        {"Latin-1", "caf\xE9", "caf?"},
        {"overlong, unicode table 3-8", "\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41", "????????A"},
        {"surrogates, unicode table 3-9", "\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41", "????????A"},
        {"others, unicode table 3-10", "\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42", "?????A??B"},
        {"truncated, unicode table 3-11", "\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41", "????A"},
        {"cut off at the end", "ab\xF0\x9F\x98", "ab?"},
        {"bad byte behind eight good ones", "12345678\xFFz", "12345678?z"},
        {"U+FFFE and U+FFFF", "a\xEF\xBF\xBEz\xEF\xBF\xBF", "a?z?"},
        {"their neighbours, and what XML allows", "\uFFFC\uFDD0\U0001FFFE\U0010FFFF\uEFBF",
         "\uFFFC\uFDD0\U0001FFFE\U0010FFFF\uEFBF"},
        {"one cut off", "a\xEF\xBF", "a?"},
        {"bytes that never occur", "\xC1\xF5\xFE\xFF", "????"},
    };
    for (const auto& c : cases) {
        EXPECT_EQ(repaired(c.text), c.expected) << c.name;
        EXPECT_TRUE(is_utf8(repair_utf8(c.text))) << c.name;
        EXPECT_EQ(is_utf8(c.text), repair_utf8(c.text) == c.text) << c.name;
    }
}

TEST(Utf8, AcceptsEveryCharacterOfXmlAndNoSurrogate) {
    for (char32_t c = 0; c <= 0x11FFFF; ++c) {
        const bool valid =
            c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF) && c != 0xFFFE && c != 0xFFFF;
        ASSERT_EQ(is_utf8(encode(c)), valid) << static_cast<unsigned>(c);
    }
}

// Counts against the formula: no pair of bytes is taken for a character which is none.
TEST(Utf8, AcceptsNoOtherPairOfBytes) {
    int valid = 0;
    for (int first = 0; first < 256; ++first) {
        for (int second = 0; second < 256; ++second) {
            valid += is_utf8(std::string{static_cast<char>(first), static_cast<char>(second)});
        }
    }
    EXPECT_EQ(valid, 128 * 128 + (0x800 - 0x80));
}

// The fast path reads words: a bad byte must be seen wherever in a word it stands.
TEST(Utf8, SeesABadByteAtEveryOffset) {
    for (std::size_t size = 1; size < 40; ++size) {
        for (std::size_t at = 0; at < size; ++at) {
            std::string text(size, 'x');
            text[at] = '\x80';
            ASSERT_FALSE(is_utf8(text));
            text[at] = '?';
            ASSERT_TRUE(is_utf8(text));
        }
    }
}

struct TruncateCase {
    const char* name;
    std::string_view text;
    std::size_t max_bytes;
    std::string_view expected;
};

TEST(Utf8, TruncatesOnACharacterBoundary) {
    const std::vector<TruncateCase> cases = {
        {"shorter", "abc", 5, "abc"},
        {"exact", "abc", 3, "abc"},
        {"ASCII", "abc", 2, "ab"},
        {"to nothing", "abc", 0, ""},
        {"empty", "", 0, ""},
        {"between characters", "é€", 2, "é"},
        {"inside two bytes", "aé", 2, "a"},
        {"inside three bytes", "a€", 3, "a"},
        {"inside four bytes", "a😀z", 4, "a"},
        {"four bytes fit", "a😀z", 5, "a😀"},
        {"inside the first character", "😀", 3, ""},
        {"only continuations: no boundary to find", "\x80\x80\x80\x80\x80\x80", 5,
         "\x80\x80\x80\x80\x80"},
        {"only continuations: short", "\x80\x80\x80", 1, "\x80"},
    };
    for (const auto& c : cases) EXPECT_EQ(truncate_utf8(c.text, c.max_bytes), c.expected) << c.name;
}

TEST(Utf8, TruncatedTextStaysValid) {
    const std::string text = "a é € 😀 über 漢字 🎉🎉 end";
    for (std::size_t max = 0; max <= text.size(); ++max) {
        const auto cut = truncate_utf8(text, max);
        ASSERT_TRUE(is_utf8(cut));
        ASSERT_LE(cut.size(), max);
        ASSERT_LT(max - cut.size(), 4U);
    }
}

}  // namespace
}  // namespace onemarket
