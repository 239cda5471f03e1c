// SPDX-License-Identifier: Apache-2.0
#include "backends/io/random.h"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace onemarket {
namespace {

TEST(RandomHex, SixteenLowerCaseDigits) {
    const std::string name = random_hex();
    EXPECT_EQ(name.size(), 16U);
    EXPECT_EQ(name.find_first_not_of("0123456789abcdef"), std::string::npos) << name;
}

TEST(RandomHex, NeverMeetsItselfInAnyThread) {
    constexpr size_t kEach = 1000;
    std::array<std::vector<std::string>, 4> names;
    {
        std::vector<std::jthread> threads;
        for (auto& mine : names) {
            threads.emplace_back([&mine] {
                for (size_t i = 0; i < kEach; ++i) mine.push_back(random_hex());
            });
        }
    }
    std::set<std::string> different;
    for (const auto& some : names) different.insert(some.begin(), some.end());
    EXPECT_EQ(different.size(), names.size() * kEach);
}

}  // namespace
}  // namespace onemarket
