// SPDX-License-Identifier: Apache-2.0
#include "daemon/statistics.h"

#include <gtest/gtest.h>

namespace onemarket {
namespace {

using std::chrono::milliseconds;

Answered answer(Action action, ObjectId id, std::optional<ErrorKind> kind = {}) {
    return {
        action, id, {100, "Lab", "alpine"}, !kind, kind, kind ? "why" : "", {}, milliseconds(700),
        7};
}

TEST(ParseUsage, SizesAndApps) {
    const MarketUsage usage = parse_usage(
        "USED_MB=\"12\" FREE_MB=34\nTOTAL_MB=\"46\"\nAPP=\"abc "
        "USED_MB=9\"\nAPP=\"def\"\nUSED_MB=7\n");
    EXPECT_EQ(usage.used, 12U);
    EXPECT_EQ(usage.free, 34U);
    EXPECT_EQ(usage.total, 46U);
    EXPECT_EQ(usage.apps, 2U);
}

TEST(ParseUsage, WhateverAScriptPrints) {
    for (const char* text : {"", "\n\n", "USED_MB=", "USED_MB=\"", "USED_MB=\"x\"", "USED_MB=-1",
                             "FREE_MB=99999999999999999999999", "no usage at all",
                             "USED_MB=18446744073709551615 FREE_MB=17592186044416"}) {
        const MarketUsage usage = parse_usage(text);
        EXPECT_EQ(usage.used, std::nullopt) << text;
        EXPECT_EQ(usage.free, std::nullopt) << text;
        EXPECT_EQ(usage.apps, 0U) << text;
    }
    EXPECT_EQ(parse_usage("FREE_MB=17592186044415").free, 17592186044415U);
}

TEST(Statistics, CountsByActionAndKind) {
    Statistics statistics;
    statistics.answered(answer(Action::import, 5));
    statistics.answered(answer(Action::import, 6, ErrorKind::no_space));
    statistics.answered(answer(Action::import, 7, ErrorKind::no_space));
    statistics.answered(answer(Action::remove, 5, ErrorKind::timeout));
    statistics.retried(Action::remove);
    const Statistics::Totals totals = statistics.totals();
    const ActionTotals& imports = totals.actions.at(Action::import);
    EXPECT_EQ(imports.successes, 1U);
    EXPECT_EQ(imports.failures.at(ErrorKind::no_space), 2U);
    EXPECT_NEAR(imports.seconds, 2.1, 0.001);
    EXPECT_EQ(imports.spans.at(3), 3U);  // up to a second
    EXPECT_EQ(totals.actions.at(Action::remove).retries, 1U);
}

TEST(Statistics, TheLastAnswersTheNewestFirst) {
    Statistics statistics;
    for (int id = 0; id < 60; ++id) statistics.answered(answer(Action::import, id));
    const Statistics::Totals totals = statistics.totals();
    ASSERT_EQ(totals.last.size(), Statistics::kLast);
    EXPECT_EQ(totals.last.front().id, 59);
    EXPECT_EQ(totals.last.back().id, 10);
}

// They come every few minutes, of each marketplace.
TEST(Statistics, MonitorsThatSucceedAreOfTheirMarketplace) {
    Statistics statistics;
    statistics.monitored(100, {100, "Lab", ""}, {1, 2, 3, 0}, WallTime(milliseconds(5)));
    statistics.answered(answer(Action::monitor, 100));
    statistics.answered(answer(Action::monitor, 100, ErrorKind::unavailable));
    const Statistics::Totals totals = statistics.totals();
    ASSERT_EQ(totals.last.size(), 1U);
    EXPECT_FALSE(totals.last.front().success);
    const MarketState& market = totals.markets.at(100);
    EXPECT_EQ(market.name, "Lab");
    EXPECT_FALSE(market.success);
    EXPECT_EQ(market.reason, "why");
    ASSERT_TRUE(market.usage);  // of the one before
    EXPECT_EQ(market.usage->free, 2U);
}

TEST(Statistics, NoMoreMarketplacesThanItsLimit) {
    Statistics statistics;
    for (int id = 0; id < 2000; ++id) {
        const WallTime now{std::chrono::seconds(id)};
        Answered monitor = answer(Action::monitor, id);
        monitor.at = now;
        statistics.monitored(id, {}, {}, now);
        statistics.answered(monitor);
        monitor.id = 7;  // looked at all the time
        statistics.answered(monitor);
    }
    const auto markets = statistics.totals().markets;
    EXPECT_EQ(markets.size(), Statistics::kMarkets);
    EXPECT_TRUE(markets.contains(7));
    EXPECT_TRUE(markets.at(1999).usage);
    EXPECT_FALSE(markets.contains(1000));
}

}  // namespace
}  // namespace onemarket
