// SPDX-License-Identifier: Apache-2.0
#include "protocol/iso_time.h"

#include <gtest/gtest.h>

namespace onemarket {
namespace {

const auto kMoment = std::chrono::system_clock::from_time_t(1'764'063'255);

TEST(IsoTime, IsInUtc) {
    EXPECT_EQ(to_iso_time(kMoment), "2025-11-25T09:34:15Z");
    EXPECT_EQ(to_iso_time({}), "1970-01-01T00:00:00Z");
}

TEST(IsoTime, IsReadBack) {
    EXPECT_EQ(parse_iso_time("2025-11-25T09:34:15Z"), kMoment);
    EXPECT_EQ(parse_iso_time("2025-11-25T09:34:15.123Z"), kMoment) << "fractions are left out";
}

TEST(IsoTime, BeyondTheClockIsItsEnd) {
    EXPECT_GT(*parse_iso_time("9999-12-31T23:59:59Z"), std::chrono::system_clock::now());
    EXPECT_EQ(parse_iso_time("0001-01-01T00:00:00Z"), std::chrono::system_clock::from_time_t(0));
}

TEST(IsoTime, WhatIsNone) {
    for (const char* text :
         {"", "yesterday", "2026-11-25", "2026-11-25T09:34:15", "2026-11-25T09:34Z"})
        EXPECT_FALSE(parse_iso_time(text)) << text;
}

}  // namespace
}  // namespace onemarket
