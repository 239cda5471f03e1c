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

TEST(IsoTime, WhatIsNone) {
    for (const char* text :
         {"", "yesterday", "2026-11-25", "2026-11-25T09:34:15", "2026-11-25T09:34Z"})
        EXPECT_FALSE(parse_iso_time(text)) << text;
}

}  // namespace
}  // namespace onemarket
