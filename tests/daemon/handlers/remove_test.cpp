// SPDX-License-Identifier: Apache-2.0
#include "daemon/handlers/remove.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <string>

#include "tests/support/support.h"

namespace onemarket {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class RemoveTest : public testing::Test {
  protected:
    RemoveTest() {
        test::write_file(dir_ / "public/a", "a");
        test::write_file(dir_ / "public/b", "b");
    }

    // `done`, or `<kind>: <text>` of the Error.
    std::string remove(const std::string& source,
                       const std::optional<std::string>& published = std::nullopt) {
        return remove(test::message("delete-http", {{"BASE_URL", "http://m/"},
                                                    {"PUBLIC_DIR", dir_ / "public"},
                                                    {"SOURCE", source}}),
                      published);
    }
    std::string remove(const DriverMessage& message, const std::optional<std::string>& published) {
        try {
            handle_remove(services_, message, context_, published);
            return "done";
        } catch (const Error& error) {
            return std::string(to_string(error.kind())) + ": " + error.what();
        }
    }

    test::TempDir dir_;
    Config config_;
    Site site_;
    TransferSlots transfers_{1};
    Services services_{
        config_, site_, std::set<std::string, std::less<>>{"http", "one"}, transfers_, {}, {}, {}};
    test::TestContext context_;
};

TEST_F(RemoveTest, RemovesTheAppsSource) {
    EXPECT_EQ(remove("http://m/a"), "done");
    EXPECT_THAT(test::list(dir_ / "public"), ElementsAre("b"));
    EXPECT_EQ(remove("http://m/a"), "not_found: http://m/a is not in the marketplace");
}

TEST_F(RemoveTest, ADiscoveredMarketplaceRefusesWhateverTheSource) {
    for (const char* source : {"", "http://m/a"})
        EXPECT_EQ(
            remove(test::message("delete-discovery", {{"MARKET_MAD", "one"}, {"SOURCE", source}}),
                   std::nullopt),
            "unsupported: Cannot delete app from OpenNebula marketplace");
}

TEST_F(RemoveTest, WithoutASourceWhatItsImportHadJustPublished) {
    EXPECT_EQ(remove("", "http://m/a"), "done");
    EXPECT_THAT(test::list(dir_ / "public"), ElementsAre("b"));
}

TEST_F(RemoveTest, WhatOnedSaysComesFirst) {
    EXPECT_EQ(remove("http://m/b", "http://m/a"), "done");
    EXPECT_THAT(test::list(dir_ / "public"), ElementsAre("a"));
}

TEST_F(RemoveTest, WithoutAnySourceOnlyTheAppsLeftoversGo) {
    test::write_file(dir_ / "public/.onemarketd-5-abc", "app 5's");
    test::write_file(dir_ / "public/.onemarketd-55-abc", "another app's");
    EXPECT_EQ(remove(""), "done");
    EXPECT_THAT(test::list(dir_ / "public"), ElementsAre(".onemarketd-55-abc", "a", "b"));
    EXPECT_THAT(context_.log.lines(), IsEmpty());
}

TEST_F(RemoveTest, AnAppWithoutASourceIsDeletedWhateverBecameOfItsLeftovers) {
    std::filesystem::remove_all(dir_ / "public");
    EXPECT_EQ(remove(""), "done");
    ASSERT_EQ(context_.log.lines().size(), 1U);
    EXPECT_EQ(context_.log.lines().front().first, LogLevel::warning);
    EXPECT_TRUE(context_.log.contains("looking for leftovers: PUBLIC_DIR "));
}

TEST_F(RemoveTest, TemplatesHaveNothingToRemove) {
    services_.markets.emplace();  // not even a market
    for (const auto* type : {"2", "3"}) {
        const DriverMessage message = test::message(
            "delete-template",
            {{"BASE_URL", "http://m/"}, {"PUBLIC_DIR", dir_ / "public"}, {"TYPE", type}});
        EXPECT_EQ(remove(message, "http://m/a"), "done");
    }
    EXPECT_THAT(test::list(dir_ / "public"), ElementsAre("a", "b"));
}

}  // namespace
}  // namespace onemarket
