// SPDX-License-Identifier: Apache-2.0
#include "protocol/request.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "protocol/ascii.h"
#include "protocol/utf8.h"

namespace onemarket {
namespace {

using std::string_literals::operator""s;

// `IMPORT 5 <payload>`, or `refused`.
std::string read(const std::string& line) {
    const Result<Request> request = parse_request(line);
    if (!request) return "refused";
    return std::string(to_string(request->action)) + " " + std::to_string(request->id) + " <" +
           request->payload + ">";
}

struct Case {
    const char* name;
    std::string line;
    std::string expected;
};

void check(const std::vector<Case>& cases) {
    for (const auto& c : cases) EXPECT_EQ(read(c.line), c.expected) << c.name;
}

TEST(Request, WordsAndBlanks) {
    check({
        {"two blanks, as oned 6.0 and later", "IMPORT  5 QUJD", "IMPORT 5 <QUJD>"},
        {"one blank, as oned 5.x", "IMPORT 5 QUJD", "IMPORT 5 <QUJD>"},
        {"many blanks", "DELETE     5     QUJD", "DELETE 5 <QUJD>"},
        {"tab", "MONITOR\t100\tQUJD", "MONITOR 100 <QUJD>"},
        {"blanks and tabs", "MONITOR \t 100\t \tQUJD", "MONITOR 100 <QUJD>"},
        {"CR at the end", "IMPORT  5 QUJD\r", "IMPORT 5 <QUJD>"},
        {"CR behind the id", "IMPORT  5\r", "IMPORT 5 <>"},
        {"leading blanks", "   IMPORT  5 QUJD", "IMPORT 5 <QUJD>"},
        {"leading tab", "\tIMPORT  5 QUJD", "IMPORT 5 <QUJD>"},
        {"trailing blanks", "IMPORT  5 QUJD  ", "IMPORT 5 <QUJD>"},
        {"lower case", "import  5 QUJD", "IMPORT 5 <QUJD>"},
        {"mixed case", "DeLeTe  5 QUJD", "DELETE 5 <QUJD>"},
        {"no payload", "IMPORT  5", "IMPORT 5 <>"},
    });
}

TEST(Request, ActionsWithoutAnId) {
    check({
        {"INIT", "INIT", "INIT 0 <>"},
        {"INIT, lower case with CR", "init\r", "INIT 0 <>"},
        {"FINALIZE", "FINALIZE", "FINALIZE 0 <>"},
        {"FINALIZE with what stock sends too", "FINALIZE  - -", "FINALIZE 0 <>"},
        {"DRIVER_CANCEL has one", "DRIVER_CANCEL 5", "DRIVER_CANCEL 5 <>"},
        {"DRIVER_CANCEL without", "DRIVER_CANCEL", "refused"},
    });
}

TEST(Request, Ids) {
    check({
        {"zero", "IMPORT  0 QUJD", "IMPORT 0 <QUJD>"},
        {"largest", "IMPORT  2147483647 QUJD", "IMPORT 2147483647 <QUJD>"},
        {"one more", "IMPORT  2147483648 QUJD", "refused"},
        {"99999999999", "IMPORT  99999999999 QUJD", "refused"},
        {"negative", "IMPORT  -1 QUJD", "refused"},
        {"signed", "IMPORT  +1 QUJD", "refused"},
        {"hex", "IMPORT  0x5 QUJD", "refused"},
        {"hex digits", "IMPORT  ff QUJD", "refused"},
        {"dash", "IMPORT  - QUJD", "refused"},
        {"decimals", "IMPORT  5.0 QUJD", "refused"},
        {"trailing letter", "IMPORT  5x QUJD", "refused"},
        {"NUL in it", "IMPORT  5\0 QUJD"s, "refused"},
        {"empty", "IMPORT  ", "refused"},
        {"empty, one word", "IMPORT", "refused"},
        {"missing, so the payload stands there", "IMPORT  QUJD", "refused"},
    });
}

TEST(Request, HostileLines) {
    check({
        {"unknown action", "REBOOT 5 QUJD", "refused"},
        {"action with a tail", "IMPORTX 5 QUJD", "refused"},
        {"blank line", "", "refused"},
        {"only blanks", "  \t\r", "refused"},
        {"NUL before", "\0IMPORT 5 QUJD"s, "refused"},
        {"NUL behind the action", "IMPORT\0 5 QUJD"s, "refused"},
        {"NUL in the payload is kept", "IMPORT 5 QU\0JD"s, "IMPORT 5 <QU\0JD>"s},
        {"invalid UTF-8 as action", "\xFF\xFE 5 QUJD", "refused"},
        {"invalid UTF-8 in the payload is kept", "IMPORT 5 \xFF", "IMPORT 5 <\xFF>"},
        {"no ASCII blank", "IMPORT\u00A05 QUJD", "refused"},
        {"two lines that ran into each other", "IMPORT  5 QUJDMONITOR  100 QUJD",
         "IMPORT 5 <QUJDMONITOR  100 QUJD>"},
        {"two lines, cut at a word", "IMPORT  5 QUJD MONITOR  100 QUJD",
         "IMPORT 5 <QUJD MONITOR  100 QUJD>"},
    });
}

TEST(Request, BlankLines) {
    for (const auto& line : {""s, " "s, "\t"s, "\r"s, " \t \r"s, "\v\f"s})
        EXPECT_TRUE(is_blank_line(line));
    for (const auto& line : {"x"s, "  x"s, "\0"s, " \0 "s, "\u00A0"s})
        EXPECT_FALSE(is_blank_line(line));
}

// The reason is for a log: one short line of text, whatever the line was, and it tells the word.
TEST(Request, ReasonsAreFitForALog) {
    const std::string garbage = "\0\x01\x1B[2J\xFF\xC3\x7F"s + std::string(1 << 20, 'x');
    for (const auto& line : {garbage, "IMPORT " + garbage, "IMPORT "s, ""s,
                             "IMPORT " + std::string(31, 'x') + "é 1"}) {
        const Result<Request> request = parse_request(line);
        ASSERT_FALSE(request);
        const std::string& reason = request.reason();
        EXPECT_FALSE(reason.empty());
        EXPECT_LT(reason.size(), 200U);
        EXPECT_TRUE(is_utf8(reason));
        EXPECT_TRUE(std::none_of(reason.begin(), reason.end(), ascii::is_control));
    }
    EXPECT_EQ(parse_request("MONITOR " + std::string(17, 'x')).reason(),
              "MONITOR with id of 17 bytes, which is no number");
    EXPECT_NE(parse_request("REBOOT 5").reason().find("'REBOOT'"), std::string::npos);
    EXPECT_NE(parse_request("import 5x").reason().find("IMPORT with id '5x'"), std::string::npos);
    EXPECT_EQ(parse_request("import").reason(), "IMPORT without an id");
}

}  // namespace
}  // namespace onemarket
