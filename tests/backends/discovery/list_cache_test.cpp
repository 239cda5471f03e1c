// SPDX-License-Identifier: Apache-2.0
#include "backends/discovery/list_cache.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace onemarket {
namespace {

// What it takes besides its text, with a key of one letter.
constexpr size_t kBeside = 20;

KnownList list(size_t bytes, const std::string& etag = "e") {
    return {{"http://m/appliance", etag, ""}, std::string(bytes, 'x')};
}

TEST(ListCache, KeepsTheLastList) {
    ListCache cache;
    EXPECT_EQ(cache.find("a"), nullptr);
    cache.store("a", list(1));
    cache.store("a", list(2));
    ASSERT_NE(cache.find("a"), nullptr);
    EXPECT_EQ(cache.find("a")->text.size(), 2U);
    EXPECT_EQ(cache.find("b"), nullptr);
}

TEST(ListCache, WhatCannotBeAskedAboutIsNotKept) {
    ListCache cache;
    cache.store("a", list(1));
    cache.store("a", list(1, ""));
    EXPECT_EQ(cache.find("a"), nullptr);
    cache.store("b", {{"u", "", "Sat, 22 Nov 2025 05:24:00 GMT"}, "x"});
    EXPECT_NE(cache.find("b"), nullptr);
}

TEST(ListCache, TheOneUsedLongestAgoGivesWay) {
    ListCache cache(100 + 2 * kBeside);
    cache.store("a", list(40));
    cache.store("b", list(40));
    cache.find("a");
    cache.store("c", list(40));
    EXPECT_NE(cache.find("a"), nullptr);
    EXPECT_EQ(cache.find("b"), nullptr);
    EXPECT_NE(cache.find("c"), nullptr);
    cache.store("d", list(100 + kBeside));
    EXPECT_EQ(cache.find("a"), nullptr);
    EXPECT_NE(cache.find("d"), nullptr);
    cache.store("e", list(101 + kBeside));
    EXPECT_EQ(cache.find("e"), nullptr);
    EXPECT_NE(cache.find("d"), nullptr);
}

TEST(ListCache, KeysAndValidatorsCount) {
    ListCache cache(1000);
    cache.store("a", list(500));
    cache.store(std::string(500, 'b'), list(1));
    EXPECT_EQ(cache.find("a"), nullptr);
    cache.store("c", list(1, std::string(981, 'e')));
    EXPECT_EQ(cache.find("c"), nullptr);
}

TEST(ListCache, AListInUseOutlivesItsPlace) {
    ListCache cache(10 + kBeside);
    cache.store("a", list(10));
    const auto held = cache.find("a");
    cache.store("b", list(10));
    EXPECT_EQ(held->text.size(), 10U);
}

TEST(ListCache, ManyThreads) {
    ListCache cache(1000);
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&cache, i] {
            for (size_t n = 0; n < 500; ++n) {
                const std::string key = std::to_string((n + static_cast<size_t>(i)) % 7);
                cache.store(key, list(n % 300));
                const auto found = cache.find(key);
                EXPECT_TRUE(found == nullptr || found->text.size() < 300);
            }
        });
    for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace onemarket
