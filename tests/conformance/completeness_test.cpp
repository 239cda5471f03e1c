// SPDX-License-Identifier: Apache-2.0
// Nobody forgets a suite: a marketplace or a source without one fails here.
#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <string>

#include "backends/all_backends.h"

namespace onemarket::test {
namespace {

// What the suite was instantiated for, in this program.
std::set<std::string> instantiated(const std::string& suite) {
    std::set<std::string> names;
    const testing::UnitTest& all = *testing::UnitTest::GetInstance();
    for (int i = 0; i < all.total_test_suite_count(); ++i) {
        const std::string name = all.GetTestSuite(i)->name();
        const size_t slash = name.find('/');
        if (slash != std::string::npos && name.substr(slash + 1) == suite)
            names.insert(name.substr(0, slash));
    }
    return names;
}

TEST(Completeness, EveryMarketplaceHasItsSuite) {
    std::set<std::string> markets = {"script"};
    for (const BackendEntry& entry : all_backends()) markets.emplace(entry.type);
    // One suite or the other: a marketplace that is only discovered stores nothing.
    std::set<std::string> examined = instantiated("MarketSuite");
    for (const std::string& name : instantiated("DiscoverySuite"))
        EXPECT_TRUE(examined.insert(name).second) << name << " has both";
    EXPECT_EQ(examined, markets);
    const Site site;
    for (const BackendEntry& entry : all_backends())
        EXPECT_EQ(entry.make(site)->refusal(Action::import).empty(),
                  instantiated("MarketSuite").contains(std::string(entry.type)))
            << entry.type;
}

// Once in this process, and once through onemarket-downloader.
TEST(Completeness, EverySourceHasItsSuites) {
    std::set<std::string> sources;
    for (const auto& file : std::filesystem::directory_iterator(std::string(ONEMARKET_SOURCE_DIR) +
                                                                "/backends/sources")) {
        if (file.path().extension() == ".h" && file.path().stem() != "all_sources")
            for (const char* how : {"", "program_"})
                sources.insert(how + file.path().stem().string());
    }
    EXPECT_EQ(instantiated("SourceSuite"), sources);
}

}  // namespace
}  // namespace onemarket::test
