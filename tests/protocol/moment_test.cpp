// SPDX-License-Identifier: Apache-2.0
#include "protocol/moment.h"

#include <gtest/gtest.h>

#include <limits>

namespace onemarket {
namespace {

using std::chrono::system_clock;

TEST(Moment, IsThatOfTheClock) {
    EXPECT_EQ(moment_of(1'764'063'255), system_clock::from_time_t(1'764'063'255));
}

TEST(Moment, BeyondTheClockIsItsEnd) {
    for (const int64_t seconds : {int64_t{12'000'000'000}, std::numeric_limits<int64_t>::max()}) {
        EXPECT_GT(moment_of(seconds), system_clock::now());
        EXPECT_LT(system_clock::now() - moment_of(seconds), std::chrono::hours(0));
    }
}

TEST(Moment, BeforeItIsItsBegin) {
    EXPECT_EQ(moment_of(-1), system_clock::from_time_t(0));
    EXPECT_EQ(moment_of(std::numeric_limits<int64_t>::min()), system_clock::from_time_t(0));
}

}  // namespace
}  // namespace onemarket
