// SPDX-License-Identifier: Apache-2.0
#include "backends/io/s3/part_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace onemarket {
namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;

// The parts an image of `size` bytes is cut into; 0 where it does not fit.
uint64_t parts_of(const PartPlan& plan, uint64_t size) {
    uint64_t number = 1;
    for (uint64_t done = plan.size_of(1); done < size; done += plan.size_of(number))
        if (++number > kS3MaxParts) return 0;
    return number;
}

void expect_s3_takes(const PartPlan& plan) {
    for (uint64_t number = 1; number <= kS3MaxParts; ++number) {
        ASSERT_GE(plan.size_of(number), kS3MinPart) << number;
        ASSERT_LE(plan.size_of(number), kS3MaxPart) << number;
        ASSERT_GE(plan.size_of(number), plan.size_of(std::max<uint64_t>(number, 2) - 1)) << number;
    }
}

// Sizes around everything that matters, and many that do not, up to the largest object.
std::vector<uint64_t> sizes() {
    std::vector<uint64_t> sizes = {0,
                                   1,
                                   kS3MinPart - 1,
                                   kS3MinPart,
                                   kS3MinPart + 1,
                                   32 * kMiB,
                                   32 * kMiB + 1,
                                   9'500 * 32 * kMiB,
                                   9'500 * 32 * kMiB + 1,
                                   10'000 * 32 * kMiB + 1,
                                   kS3MaxObject - 1,
                                   kS3MaxObject};
    std::mt19937_64 random(1);
    for (int i = 0; i < 2000; ++i) {
        const int bits = static_cast<int>(random() % 43);
        sizes.push_back(std::min(kS3MaxObject, random() & ((uint64_t{1} << bits) - 1)));
    }
    return sizes;
}

TEST(PartPlan, EveryImageFitsWithPartsAsLargeAsWanted) {
    for (const uint64_t size : sizes()) {
        for (const uint64_t wanted : {5 * kMiB, 32 * kMiB, 33 * kMiB, 1024 * kMiB}) {
            const PartPlan plan(size, wanted);
            const uint64_t parts = parts_of(plan, size);
            ASSERT_GE(parts, 1U) << size << " in parts of " << wanted;
            ASSERT_LE(parts, kS3MaxParts) << size;
            ASSERT_GE(plan.size_of(1), wanted) << size;
            // No larger than it must be: a MiB less each would not do.
            if (plan.size_of(1) > wanted) {
                ASSERT_LT((plan.size_of(1) - kMiB) * 9'500, size) << " in parts of " << wanted;
            }
            // All parts of an image that is as long as expected are equal.
            ASSERT_EQ(plan.size_of(parts), plan.size_of(1)) << size;
        }
    }
}

TEST(PartPlan, EveryPartIsOneS3Takes) {
    for (const uint64_t size : {uint64_t{0}, 400 * 1024 * kMiB, kS3MaxObject})
        for (const uint64_t wanted : {uint64_t{1}, 32 * kMiB, 100'000 * kMiB})
            expect_s3_takes(PartPlan(size, wanted));
}

// A stream may turn out longer than was promised.
TEST(PartPlan, WhatNobodyExpectedStillFits) {
    for (const uint64_t expected : {uint64_t{0}, uint64_t{1}, 1024 * kMiB, 1024 * 1024 * kMiB}) {
        const PartPlan plan(expected, 32 * kMiB);
        EXPECT_GT(parts_of(plan, 2 * expected), 0U) << expected;
        EXPECT_GT(parts_of(plan, 1024 * 1024 * kMiB), 0U) << expected;
    }
}

TEST(PartPlan, DefaultIsAsWantedUpToALargeImage) {
    EXPECT_EQ(PartPlan(290ull * 1024 * kMiB, 32 * kMiB).size_of(1), 32 * kMiB);
    EXPECT_EQ(PartPlan(kS3MaxObject, 32 * kMiB).size_of(1), 552 * kMiB);
}

}  // namespace
}  // namespace onemarket
