// SPDX-License-Identifier: Apache-2.0
#include "protocol/reply.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/utf8.h"
#include "tests/support/support.h"

namespace onemarket {
namespace {

using std::string_literals::operator""s;

// Every byte there is, and some that look like messages of their own.
std::string hostile() {
    std::string text = "first\nIMPORT SUCCESS 6 -\r\nLOG I 0 x\n";
    for (int byte = 0; byte < 256; ++byte) text += static_cast<char>(byte);
    return text + "\n\n";
}

void expect_one_line(const std::string& line) {
    EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
    EXPECT_TRUE(line.ends_with('\n'));
    EXPECT_EQ(line.find_first_of("\r\0\v\f\x1B\x7F"s), std::string::npos);
    EXPECT_TRUE(is_utf8(line));
}

struct ReplyCase {
    const char* name;
    Reply reply;
    std::string expected;
};

TEST(Reply, Lines) {
    const std::vector<ReplyCase> cases = {
        {"IMPORT", {Action::import, true, 5, "U09VUkNF"}, "IMPORT SUCCESS 5 U09VUkNF\n"},
        {"MONITOR", {Action::monitor, true, 100, "VVNFRA=="}, "MONITOR SUCCESS 100 VVNFRA==\n"},
        {"DELETE: `-` for empty", {Action::remove, true, 5, ""}, "DELETE SUCCESS 5 -\n"},
        {"FAILURE", {Action::remove, false, 5, "it is gone"}, "DELETE FAILURE 5 it is gone\n"},
        {"`-` for an empty FAILURE", {Action::import, false, 5, ""}, "IMPORT FAILURE 5 -\n"},
        {"`-` for a blank FAILURE", {Action::import, false, 5, " \n\t"}, "IMPORT FAILURE 5 -\n"},
        {"`-` for an empty SUCCESS", {Action::monitor, true, 1, ""}, "MONITOR SUCCESS 1 -\n"},
        {"FAILURE text is plain, never encoded",
         {Action::monitor, false, 0, "a = b"},
         "MONITOR FAILURE 0 a = b\n"},
        {"FAILURE text is cleaned",
         {Action::import, false, 5, "\n  cp: disk\tfull\r\n\n  sorry\n"},
         "IMPORT FAILURE 5 cp: disk full sorry\n"},
        {"text of a DELETE's SUCCESS is cleaned too",
         {Action::remove, true, 5, "line 1\nDELETE SUCCESS 6 -\n"},
         "DELETE SUCCESS 5 line 1 DELETE SUCCESS 6 -\n"},
        {"invalid UTF-8 is repaired",
         {Action::import, false, 5, "caf\xE9"},
         "IMPORT FAILURE 5 caf\uFFFD\n"},
    };
    for (const auto& c : cases) EXPECT_EQ(format(c.reply), c.expected) << c.name;
}

// SUCCESS of IMPORT and MONITOR is base64 by contract; everything else is text from anywhere.
TEST(Reply, NewlineInjectionIsImpossible) {
    for (const Action action : {Action::init, Action::finalize, Action::import, Action::remove,
                                Action::monitor, Action::driver_cancel}) {
        SCOPED_TRACE(to_string(action));
        expect_one_line(format({action, false, 5, hostile()}));
        if (action != Action::import && action != Action::monitor)
            expect_one_line(format({action, true, 5, hostile()}));
    }
}

TEST(Reply, Base64OfASuccessIsUntouchedEvenIfHuge) {
    const std::string info(5 << 20, 'Q');
    EXPECT_EQ(format({Action::monitor, true, 100, info}), "MONITOR SUCCESS 100 " + info + "\n");
    EXPECT_EQ(format({Action::import, true, 5, info}), "IMPORT SUCCESS 5 " + info + "\n");
}

TEST(Reply, AFailureIsCut) {
    const std::string line = format({Action::import, false, 5, std::string(1 << 20, 'x')});
    EXPECT_EQ(line, "IMPORT FAILURE 5 " + std::string(4096, 'x') + "\n");
}

TEST(Reply, InitAnswerFitsOnedsOneRead) {
    EXPECT_EQ(init_answer(), "INIT SUCCESS - -\n");
    EXPECT_LE(init_answer().size(), 31U);
}

TEST(Reply, LogLines) {
    EXPECT_EQ(format_log(LogLevel::error, 5, "app 5: no"), "LOG E 5 app 5: no\n");
    EXPECT_EQ(format_log(LogLevel::warning, 5, "hm"), "LOG W 5 hm\n");
    EXPECT_EQ(format_log(LogLevel::info, 0, "hello"), "LOG I 0 hello\n");
    EXPECT_EQ(format_log(LogLevel::debug, 5, "x"), "LOG D 5 x\n");
    EXPECT_EQ(format_log(LogLevel::info, 5, "a\nLOG E 5 b"), "LOG I 5 a LOG E 5 b\n");
    expect_one_line(format_log(LogLevel::info, 5, hostile()));
    expect_one_line(format_log(LogLevel::info, 5, ""));
}

struct OneLineCase {
    const char* name;
    std::string text;
    std::string expected;
    size_t max_bytes = 4096;
};

TEST(Reply, OneLine) {
    const std::vector<OneLineCase> cases = {
        {"empty", "", ""},
        {"plain", "a b", "a b"},
        {"blanks at the ends", "  a  ", "a"},
        {"runs of blanks", "a   b", "a b"},
        {"newlines", "a\nb\r\nc", "a b c"},
        {"all sorts of control", "a\0b\x1B[1mc\x7F"s, "a b [1mc"},
        {"what a terminal obeys", "a\u009B2Jb\u0085c\u00A0d", "a 2Jb c\u00A0d"},
        {"what turns the direction", "a\u202Eb\u2066\u2069c\u2028d\u202Fe", "a b c d\u202Fe"},
        {"only control", "\n\0\t"s, ""},
        {"not ASCII", "über 漢字 😀", "über 漢字 😀"},
        {"invalid UTF-8", "a\xFFz", "a\uFFFDz"},
        {"what XML cannot hold", "a\xEF\xBF\xBEz", "a\uFFFDz"},
        {"cut", "abcdef", "abc", 3},
        {"cut to nothing", "abc", "", 0},
        {"exact fit", "abc", "abc", 3},
        {"cut on a character", "ab€", "ab", 4},
        {"a character that fits", "ab€", "ab€", 5},
        {"cut behind a blank", "ab cd", "ab", 3},
        {"a character cut off by the limit leaves no U+FFFD", "ab😀cd", "ab", 5},
        {"a repair does not exceed the limit", "\xFF\xFF", "\uFFFD", 5},
    };
    for (const auto& c : cases) EXPECT_EQ(one_line(c.text, c.max_bytes), c.expected) << c.name;
}

TEST(Reply, SafeLinesKeepTheirLines) {
    EXPECT_EQ(safe_lines("a  b\n\n\tc\n"), "a  b\n\n\tc\n");
    EXPECT_EQ(safe_lines("a\x1B[2J\rb\0c\u202Ed\u009Be\xFF\n"s), "a [2J b c d e\uFFFD\n");
    EXPECT_EQ(safe_lines(""), "");
}

TEST(Reply, OneLineOfNoiseIsALine) {
    for (unsigned seed = 0; seed < 50; ++seed) {
        const std::string line = one_line(test::noise(300, seed), 100 + seed);
        expect_one_line(line + "\n");
        ASSERT_LE(line.size(), 100 + seed);
        ASSERT_EQ(line.find("  "), std::string::npos);
        ASSERT_FALSE(line.starts_with(' ') || line.ends_with(' '));
    }
}

}  // namespace
}  // namespace onemarket
