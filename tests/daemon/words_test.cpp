// SPDX-License-Identifier: Apache-2.0
#include "daemon/words.h"

#include <gtest/gtest.h>

#include <vector>

namespace onemarket {
namespace {

using std::chrono::seconds;

constexpr uint64_t kMiB = uint64_t{1} << 20;

TEST(Words, SizesInFewDigits) {
    const std::vector<std::pair<uint64_t, std::string>> cases = {
        {0, "0 B"},
        {1, "1 B"},
        {999, "999 B"},
        {1000, "1.0 KiB"},
        {1024, "1.0 KiB"},
        {1536, "1.5 KiB"},
        {10 * 1024, "10 KiB"},
        {358 * kMiB, "358 MiB"},
        {uint64_t{1288490188}, "1.2 GiB"},
        {uint64_t{3} << 40, "3.0 TiB"},
        {uint64_t{5000} << 40, "5000 TiB"},
        {~uint64_t{0}, "16777216 TiB"},
    };
    for (const auto& [bytes, text] : cases) EXPECT_EQ(size_in_words(bytes), text);
}

TEST(Words, SpansInOneUnit) {
    EXPECT_EQ(span_in_words(seconds(-5)), "0 s");
    EXPECT_EQ(span_in_words(seconds(59)), "59 s");
    EXPECT_EQ(span_in_words(seconds(3'599)), "59 min");
    EXPECT_EQ(span_in_words(seconds(86'399)), "23 h");
    EXPECT_EQ(span_in_words(seconds(864'000)), "10 d");
}

TEST(Words, ProgressWithAnEnd) {
    const Progress half{50 * kMiB, 100 * kMiB, seconds(50)};
    EXPECT_EQ(in_words(half), "50 MiB of 100 MiB (50 %), 1.0 MiB/s, 0:50 left");
    EXPECT_EQ(bar(half, 10), "[=====     ]");
    EXPECT_EQ(bar({0, kMiB, seconds(1)}, 4), "[    ]");
    EXPECT_EQ(bar({kMiB, kMiB, seconds(1)}, 4), "[====]");
    EXPECT_EQ(left_in_words({kMiB, 3601 * kMiB, seconds(1)}), "60:00");
}

TEST(Words, ProgressWithout) {
    for (const auto total : {std::optional<uint64_t>(), std::optional<uint64_t>(0)}) {
        const Progress open{10 * kMiB, total, seconds(5)};
        EXPECT_EQ(in_words(open), "10 MiB, 2.0 MiB/s");
        EXPECT_EQ(bar(open, 10), "");
        EXPECT_EQ(left_in_words(open), "");
    }
}

TEST(Words, ProgressPastItsEndAndBeforeItsBeginning) {
    EXPECT_EQ(in_words({5 * kMiB, kMiB, seconds(100)}), "5.0 MiB of 1.0 MiB (100 %), 51 KiB/s");
    EXPECT_EQ(bar({5 * kMiB, kMiB, seconds(100)}, 4), "[====]");
    EXPECT_EQ(in_words({0, kMiB, seconds(0)}), "0 B of 1.0 MiB (0 %), 0 B/s");
    EXPECT_EQ(left_in_words({1, ~uint64_t{0}, seconds(1'000'000'000)}), "16666666:40");
}

TEST(ProgressPace, EveryTenPerCentAndTenSeconds) {
    const ProgressPace::Clock::time_point start;
    ProgressPace pace(start);
    EXPECT_FALSE(pace.due({50, 100, seconds(9)}, start + seconds(9)));
    EXPECT_TRUE(pace.due({50, 100, seconds(10)}, start + seconds(10)));
    EXPECT_FALSE(pace.due({70, 100, seconds(19)}, start + seconds(19)));
    EXPECT_FALSE(pace.due({59, 100, seconds(100)}, start + seconds(100)));
    EXPECT_TRUE(pace.due({60, 100, seconds(101)}, start + seconds(101)));
}

TEST(ProgressPace, EveryMinuteWithoutAnEnd) {
    const ProgressPace::Clock::time_point start;
    ProgressPace pace(start);
    EXPECT_FALSE(pace.due({50, {}, seconds(59)}, start + seconds(59)));
    EXPECT_TRUE(pace.due({50, {}, seconds(60)}, start + seconds(60)));
    EXPECT_FALSE(pace.due({90, {}, seconds(119)}, start + seconds(119)));
    EXPECT_TRUE(pace.due({90, {}, seconds(120)}, start + seconds(120)));
}

}  // namespace
}  // namespace onemarket
