// SPDX-License-Identifier: Apache-2.0
#include "backends/transfer.h"

#include <gtest/gtest.h>

#include "backends/io/pump.h"
#include "tests/backends/helpers.h"

namespace onemarket::test {
namespace {

TEST(Transfer, BeginsAnewEachTime) {
    std::atomic<uint64_t> sum = 0;
    Transfer transfer(&sum);
    EXPECT_EQ(transfer.state().stage, Transfer::Stage::preparing);
    transfer.begin(100);
    transfer.moved(60);
    EXPECT_EQ(transfer.state().moved, 60U);
    EXPECT_EQ(transfer.state().total, 100U);
    transfer.begin({});
    transfer.moved(5);
    EXPECT_EQ(transfer.state().moved, 5U);
    EXPECT_EQ(transfer.state().total, std::nullopt);
    EXPECT_EQ(sum, 65U);
}

TEST(Transfer, APumpTellsIt) {
    const std::string text = noise(1'000'000);
    TestContext context;
    Transfer transfer;
    context.context.watch(transfer);
    bool was_moving = false;
    TextReader reader(text, [&](uint64_t, Context&) {
        was_moving = transfer.state().stage == Transfer::Stage::moving;
    });
    NullSink nowhere;
    Digest md5("MD5");
    pump(reader, nowhere, md5, context);
    EXPECT_TRUE(was_moving);
    EXPECT_EQ(transfer.state().stage, Transfer::Stage::publishing);
    EXPECT_EQ(transfer.state().moved, text.size());
}

// Who helps with a request tells what the whole tells.
TEST(Transfer, APartTellsTheWhole) {
    TestContext whole;
    Transfer transfer;
    whole.context.watch(transfer);
    Context part(whole.context, std::stop_token());
    transfer.begin(10);
    part.progress(7);
    EXPECT_EQ(transfer.state().moved, 7U);
}

// Where nobody watches nothing is told, and nothing breaks.
TEST(Transfer, NobodyNeedsToWatch) {
    TestContext context;
    TextReader reader("hello");
    NullSink nowhere;
    EXPECT_EQ(copy(reader, nowhere, context), 5U);
}

}  // namespace
}  // namespace onemarket::test
