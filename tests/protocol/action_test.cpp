// SPDX-License-Identifier: Apache-2.0
#include "protocol/action.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace onemarket {
namespace {

using std::string_literals::operator""s;

struct WordCase {
    Action action;
    std::string upper;
    std::string lower;
    bool market_action;
};

const std::vector<WordCase> kWords = {
    {Action::init, "INIT", "init", false},
    {Action::finalize, "FINALIZE", "finalize", false},
    {Action::import, "IMPORT", "import", true},
    {Action::remove, "DELETE", "delete", true},
    {Action::monitor, "MONITOR", "monitor", true},
    {Action::driver_cancel, "DRIVER_CANCEL", "driver_cancel", false},
};

TEST(Action, EveryWordIsReadAndWritten) {
    for (const auto& c : kWords) {
        EXPECT_EQ(to_string(c.action), c.upper);
        EXPECT_EQ(parse_action(c.upper), c.action) << c.upper;
        EXPECT_EQ(parse_action(c.lower), c.action) << c.lower;
        EXPECT_EQ(parse_action(c.upper.substr(0, 1) + c.lower.substr(1)), c.action) << c.upper;
    }
}

TEST(Action, OnlyRequestsForAnObjectAreMarketActions) {
    for (const auto& c : kWords) EXPECT_EQ(is_market_action(c.action), c.market_action) << c.upper;
}

TEST(Action, OtherWordsAreNoAction) {
    for (const auto& word :
         {""s, " "s, "INI"s, "INITX"s, " INIT"s, "INIT "s, "INIT\r"s, "INIT\0"s, "REMOVE"s,
          "CANCEL"s, "DRIVER-CANCEL"s, "DRIVER CANCEL"s, "LOG"s, "\xC4\xB0NIT"s, "\xFF"s}) {
        EXPECT_EQ(parse_action(word), std::nullopt) << word;
    }
}

}  // namespace
}  // namespace onemarket
