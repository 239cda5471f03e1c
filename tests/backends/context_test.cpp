// SPDX-License-Identifier: Apache-2.0
#include "backends/context.h"

#include <gtest/gtest.h>

#include <thread>

#include "tests/backends/helpers.h"

namespace onemarket {
namespace {

using std::chrono::seconds;
using test::error_of;
using test::TestContext;

void pass(const Context& context) {
    std::this_thread::sleep_until(*context.deadline());
}

TEST(Context, NobodyStopsIt) {
    const TestContext test(7);
    EXPECT_EQ(test.context.id(), 7);
    EXPECT_EQ(test.context.deadline(), std::nullopt);
    test.context.check();
}

TEST(Context, StopIsCancelled) {
    TestContext test;
    test.stop.request_stop();
    const Error error = error_of([&] { test.context.check(); });
    EXPECT_EQ(error.kind(), ErrorKind::cancelled);
    EXPECT_STREQ(error.what(), "cancelled");
}

TEST(Context, TimeoutSaysHowLong) {
    const TestContext whole(5, {seconds(1), false});
    const TestContext idle(5, {seconds(1), true});
    whole.context.check();
    idle.context.check();
    pass(whole.context);
    pass(idle.context);
    const Error error = error_of([&] { whole.context.check(); });
    EXPECT_EQ(error.kind(), ErrorKind::timeout);
    EXPECT_STREQ(error.what(), "Timeout: not done within 1 s");
    const Error idle_error = error_of([&] { idle.context.check(); });
    EXPECT_EQ(idle_error.kind(), ErrorKind::timeout);
    EXPECT_STREQ(idle_error.what(), "Timeout: no progress for 1 s");
}

TEST(Context, TimeoutSaysWhoWasWaitedFor) {
    TestContext whole(5, {seconds(1), true});
    const std::stop_source stop;
    const Context share(whole.context, stop.get_token());
    pass(whole.context);
    for (const Context* context : {&std::as_const(whole.context), &share})
        EXPECT_STREQ(error_of([&] { context->check("http://h:80"); }).what(),
                     "Timeout: no progress for 1 s, waiting for http://h:80");
    whole.stop.request_stop();
    EXPECT_STREQ(error_of([&] { whole.context.check("http://h:80"); }).what(), "cancelled");
}

TEST(Context, CancelledCountsBeforeTimeout) {
    TestContext test(5, {seconds(-1), false});
    test.stop.request_stop();
    EXPECT_EQ(error_of([&] { test.context.check(); }).kind(), ErrorKind::cancelled);
}

TEST(Context, ProgressMovesAnIdleDeadlineOnly) {
    TestContext idle(5, {seconds(100), true});
    TestContext whole(5, {seconds(100), false});
    const auto idle_before = idle.context.deadline();
    const auto whole_before = whole.context.deadline();
    // The clock is fine enough to move, but nobody promises it does between two calls.
    ASSERT_TRUE(test::eventually([&] {
        idle.context.progress();
        return *idle.context.deadline() > *idle_before;
    }));
    whole.context.progress();
    EXPECT_EQ(whole.context.deadline(), whole_before);
}

TEST(Context, WaitingForItsTurnCostsNothing) {
    for (const bool idle_only : {false, true}) {
        TestContext test(5, {seconds(100), idle_only});
        const auto before = test.context.deadline();
        ASSERT_TRUE(test::eventually([&] {
            test.context.restart_clock();
            return *test.context.deadline() > *before;
        })) << idle_only;
    }
}

TEST(Context, CheckAndProgressFromTwoThreads) {
    TestContext test(5, {seconds(100), true});
    std::jthread other([&] {
        for (int i = 0; i < 10'000; ++i) test.context.progress();
    });
    for (int i = 0; i < 10'000; ++i) test.context.check();
}

TEST(Context, GivesTheLogItWasMadeWith) {
    TestContext test;
    test.context.log().log(LogLevel::warning, "a word");
    ASSERT_EQ(test.log.lines().size(), 1U);
    EXPECT_EQ(test.log.lines()[0].first, LogLevel::warning);
    EXPECT_EQ(test.log.lines()[0].second, "a word");
}

TEST(ContextShare, EndsWithTheWhole) {
    TestContext test;
    std::stop_source others;
    const Context share(test.context, others.get_token());
    share.check();
    test.stop.request_stop();
    EXPECT_EQ(error_of([&] { share.check(); }).kind(), ErrorKind::cancelled);
}

TEST(ContextShare, EndsByItself) {
    TestContext test(7);
    std::stop_source others;
    const Context share(test.context, others.get_token());
    EXPECT_EQ(share.id(), 7);
    others.request_stop();
    EXPECT_EQ(error_of([&] { share.check(); }).kind(), ErrorKind::cancelled);
    test.context.check();
}

TEST(ContextShare, ItsProgressIsTheWholes) {
    TestContext test(5, {seconds(20), true});
    Context share(test.context, {});
    const auto before = *test.context.deadline();
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    share.progress();
    EXPECT_GT(*test.context.deadline(), before);
    EXPECT_EQ(share.deadline(), test.context.deadline());
}

}  // namespace
}  // namespace onemarket
