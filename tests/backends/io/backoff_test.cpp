// SPDX-License-Identifier: Apache-2.0
#include "backends/io/backoff.h"

#include <gtest/gtest.h>

#include "tests/backends/helpers.h"

namespace onemarket {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::error_of;
using test::Stopwatch;
using test::TestContext;

constexpr milliseconds kNothing{0};

TEST(Backoff, DoublesUpToTheLongestAndEnds) {
    Backoff backoff({7, milliseconds(100), milliseconds(1000)});
    for (const int expected : {100, 200, 400, 800, 1000, 1000})
        EXPECT_EQ(backoff.next(kNothing, 1), milliseconds(expected));
    EXPECT_EQ(backoff.next(kNothing, 1), std::nullopt);
    EXPECT_EQ(backoff.next(kNothing, 1), std::nullopt);
}

TEST(Backoff, HalfIsLeftToChance) {
    for (const auto& [chance, expected] : {std::pair{0.0, 50}, {0.5, 75}, {1.0, 100}}) {
        Backoff backoff({2, milliseconds(100), milliseconds(1000)});
        EXPECT_EQ(backoff.next(kNothing, chance), milliseconds(expected));
    }
}

TEST(Backoff, NoSoonerThanTheServerAsksFor) {
    Backoff backoff({9, milliseconds(100), milliseconds(1000)});
    EXPECT_EQ(backoff.next(seconds(3), 1), seconds(3)) << "though it is more than the longest";
    EXPECT_EQ(backoff.next(milliseconds(1), 1), milliseconds(200));
    EXPECT_EQ(backoff.next(seconds(121), 1), std::nullopt) << "nobody waits so long";
}

TEST(Backoff, OneAttemptIsOne) {
    EXPECT_EQ(Backoff({1, milliseconds(1), milliseconds(1)}).next(kNothing, 1), std::nullopt);
}

TEST(Backoff, ManyAttemptsDoNotOverflow) {
    Backoff backoff({1000, milliseconds(200), milliseconds(20'000)});
    for (int i = 0; i < 999; ++i) EXPECT_LE(*backoff.next(kNothing, 1), milliseconds(20'000));
}

TEST(Pause, LastsAsLongAsItSays) {
    TestContext context;
    const Stopwatch watch;
    EXPECT_TRUE(pause(milliseconds(30), context));
    EXPECT_GE(watch.seconds(), 0.03);
}

TEST(Pause, CancelEndsItAtOnce) {
    TestContext context;
    std::jthread canceller([&] { context.stop.request_stop(); });
    const Stopwatch watch;
    EXPECT_EQ(error_of([&] { pause(seconds(60), context); }).kind(), ErrorKind::cancelled);
    EXPECT_LT(watch.seconds(), 10);
}

TEST(Pause, BeyondTheDeadlineIsNotBegun) {
    TestContext context(5, {seconds(20), false});
    const Stopwatch watch;
    EXPECT_FALSE(pause(seconds(60), context));
    EXPECT_LT(watch.seconds(), 10);
}

// Whoever was to wait has a better reason to tell than that the time is up.
TEST(Pause, BehindTheDeadlineIsNotBegunEither) {
    TestContext context(5, {milliseconds(1), false});
    std::this_thread::sleep_for(milliseconds(5));
    EXPECT_FALSE(pause(milliseconds(1), context));
    context.stop.request_stop();
    EXPECT_EQ(error_of([&] { pause(milliseconds(1), context); }).kind(), ErrorKind::cancelled);
}

TEST(Retry, IsSaidAloudOnce) {
    TestContext context;
    Backoff backoff({3, milliseconds(1), milliseconds(1)});
    EXPECT_TRUE(pause_before_retry("it broke", kNothing, backoff, context));
    EXPECT_TRUE(pause_before_retry("it broke", kNothing, backoff, context));
    EXPECT_FALSE(pause_before_retry("it broke", kNothing, backoff, context));
    std::vector<LogLevel> levels;
    for (const auto& [level, text] : context.log.lines()) {
        levels.push_back(level);
        EXPECT_TRUE(text.starts_with("it broke; trying again in ")) << text;
    }
    EXPECT_EQ(levels, (std::vector{LogLevel::info, LogLevel::debug}));
}

TEST(Retry, BeyondTheDeadlineIsNoUse) {
    TestContext context(5, {seconds(20), false});
    Backoff backoff({3, seconds(60), seconds(60)});
    EXPECT_FALSE(pause_before_retry("it broke", kNothing, backoff, context));
}

}  // namespace
}  // namespace onemarket
