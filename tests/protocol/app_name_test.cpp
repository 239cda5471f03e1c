// SPDX-License-Identifier: Apache-2.0
#include "protocol/app_name.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "protocol/utf8.h"

namespace onemarket {
namespace {

using std::string_literals::operator""s;

TEST(AppName, EachCharacterOnedRefusesBecomesAnUnderscore) {
    for (const char c : "&|:\\\";/'#{}$<>\t\n\r\x01\x7f"s)
        EXPECT_EQ(app_name("a"s + c + "b"), "a_b") << static_cast<int>(c);
    EXPECT_EQ(app_name("a\0b"s), "a_b");
}

TEST(AppName, OthersStay) {
    const std::string text = "Ubuntu 22.04 (aarch64) [x], a=b*c? @~!^%+-_. é控";
    EXPECT_EQ(app_name(text), text);
}

TEST(AppName, IsCutOnACharacter) {
    EXPECT_EQ(app_name(std::string(200, 'x')).size(), kMaxAppName);
    EXPECT_EQ(app_name(std::string(127, 'x') + "é"), std::string(127, 'x'));
    EXPECT_EQ(app_name(std::string(126, 'x') + "é"), std::string(126, 'x') + "é");
}

TEST(AppName, InvalidUtf8IsRepaired) {
    EXPECT_EQ(app_name("a\xff"
                       "b"),
              "a\xEF\xBF\xBD"
              "b");
}

// The names of apps given as (wanted, id), in their order.
std::vector<std::string> settled(const std::vector<std::pair<std::string, std::string>>& apps) {
    AppNames names;
    for (const auto& [wanted, id] : apps) names.add(wanted, id);
    names.settle();
    std::vector<std::string> result;
    for (size_t i = 0; i < apps.size(); ++i) result.push_back(names.name(i));
    return result;
}

TEST(AppNames, OnAClashTheIdIsAdded) {
    EXPECT_EQ(settled({{"a", "1"}, {"b", "2"}, {"a", "3"}}),
              (std::vector<std::string>{"a", "b", "a (3)"}));
}

TEST(AppNames, TheOneThatNeedsNoChangeKeepsItsName) {
    EXPECT_EQ(settled({{"a/b", "1"}, {"a_b", "2"}}), (std::vector<std::string>{"a_b (1)", "a_b"}));
}

TEST(AppNames, ANameWithItsIdStillFits) {
    const std::string longest(200, 'x');
    const auto names = settled({{longest, "1"}, {longest, "22222222-2222-2222-2222-222222222222"}});
    EXPECT_EQ(names[0], std::string(128, 'x'));
    EXPECT_EQ(names[1].size(), kMaxAppName);
    EXPECT_TRUE(names[1].ends_with(" (22222222-2222-2222-2222-222222222222)"));
}

TEST(AppNames, ANameThatLooksLikeOneWithAnIdIsNoTrap) {
    const auto names = settled({{"a", "1"}, {"a", "2"}, {"a (2)", "3"}});
    EXPECT_EQ(names, (std::vector<std::string>{"a", "a (2 2)", "a (2)"}));
}

TEST(AppNames, ManyThatCannotBeToldApartAreNumberedInTime) {
    AppNames names;
    const std::string same(200, 'x');
    for (int i = 0; i < 50'000; ++i) names.add(same, same + std::to_string(i));
    names.settle();
    EXPECT_NE(names.name(49'998), names.name(49'999));
}

TEST(AppNames, ReferencesFindTheNameOfTheirApp) {
    AppNames names;
    names.add("a/b", "1");
    names.add("a_b", "2");
    names.add("a/b", "0");
    names.settle();
    EXPECT_EQ(names.name(0), "a_b (1)");
    EXPECT_EQ(names.name(2), "a_b (0)");
    EXPECT_EQ(names.referred("a_b"), "a_b");
    EXPECT_EQ(names.referred("a/b"), "a_b (0)");
    EXPECT_EQ(names.referred("not/there"), "not_there");
}

// Whatever the apps and their order: valid names, all different, the same for the same app.
TEST(AppNames, OrderDoesNotMatterAndNamesDiffer) {
    std::mt19937 random(7);
    const std::vector<std::string> parts = {
        "a", "/", "_", " (1)", "é", "\\", std::string(126, 'y')};
    for (int round = 0; round < 200; ++round) {
        std::vector<std::pair<std::string, std::string>> apps;
        for (int i = 0; i < 12; ++i) {
            std::string wanted;
            for (size_t n = 1 + random() % 2; n > 0; --n) wanted += parts[random() % parts.size()];
            apps.emplace_back(wanted, std::to_string(i));
        }
        std::map<std::string, std::string> by_id;
        const auto names = settled(apps);
        for (size_t i = 0; i < apps.size(); ++i) by_id[apps[i].second] = names[i];
        EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), apps.size());
        for (const std::string& name : names) EXPECT_EQ(app_name(name), name);
        std::shuffle(apps.begin(), apps.end(), random);
        const auto shuffled = settled(apps);
        for (size_t i = 0; i < apps.size(); ++i) EXPECT_EQ(shuffled[i], by_id[apps[i].second]);
    }
}

}  // namespace
}  // namespace onemarket
