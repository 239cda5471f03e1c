// SPDX-License-Identifier: Apache-2.0
#include "daemon/market_messages.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "protocol/base64.h"
#include "tests/support/support.h"

namespace onemarket {
namespace {

namespace fs = std::filesystem;
using test::list;
using test::read_file;
using test::write_file;
using Names = std::vector<std::string>;

class MarketMessagesTest : public testing::Test {
  protected:
    static std::string payload(const std::string& url = "http://h") {
        return base64_encode(
            test::message_xml("monitor-http", {{"PUBLIC_DIR", "/p"}, {"BASE_URL", url}}));
    }
    std::string path(const std::string& name) const { return state_ + "/markets/" + name; }

    test::TempDir dir_;
    std::string state_ = dir_ / "onemarketd";
    MarketMessages messages_{state_};
    test::RecordingLog log_;
};

TEST_F(MarketMessagesTest, KeepsTheLastForItsOwnerAlone) {
    messages_.keep(100, payload("http://a"), log_);
    messages_.keep(100, payload("http://b"), log_);
    EXPECT_EQ(read_file(path("100")), payload("http://b"));
    EXPECT_EQ(list(state_ + "/markets"), Names{"100"});
    EXPECT_EQ(test::mode_of(path("100")), 0600U);
    EXPECT_EQ(test::mode_of(state_), 0700U);
    EXPECT_EQ(test::mode_of(state_ + "/markets"), 0700U);
    const MarketMessages::Kept kept = messages_.read(100);
    EXPECT_EQ(kept.message.market("BASE_URL"), "http://b");
    EXPECT_LT(std::chrono::system_clock::now() - kept.since, std::chrono::minutes(1));
    EXPECT_TRUE(log_.lines().empty());
}

TEST_F(MarketMessagesTest, WritesOnlyWhatChanged) {
    messages_.keep(100, payload(), log_);
    write_file(path("100"), "mark");
    messages_.keep(100, payload(), log_);
    EXPECT_EQ(read_file(path("100")), "mark");
    MarketMessages(state_).keep(100, payload(), log_);
    EXPECT_EQ(read_file(path("100")), payload()) << "another life does not know";
}

TEST_F(MarketMessagesTest, ReadsAllThereAre) {
    EXPECT_TRUE(messages_.read_all().empty()) << "no folder, no messages";
    messages_.keep(100, payload(), log_);
    write_file(path(".new-0123456789abcdef"), "half");
    write_file(path("notes"), "x");
    ASSERT_EQ(messages_.read_all().size(), 1U);
    EXPECT_EQ(messages_.read_all()[0].market, 100);
    write_file(path("7"), payload());
    EXPECT_THROW(messages_.read_all(), Error) << "it says it is marketplace 100's";
    write_file(path("7"), "hello");
    EXPECT_THROW(messages_.read_all(), Error);
    EXPECT_THROW(messages_.read(8), Error);
}

TEST_F(MarketMessagesTest, ClearsAwayWhatALifeLeftHalf) {
    fs::create_directories(state_ + "/markets");
    write_file(path(".new-0123456789abcdef"), "half");
    messages_.keep(100, payload(), log_);
    EXPECT_EQ(list(state_ + "/markets"), Names{"100"});
}

TEST_F(MarketMessagesTest, FailureIsOneWarning) {
    write_file(state_, "a file");
    messages_.keep(100, payload(), log_);
    messages_.keep(101, payload(), log_);
    ASSERT_EQ(log_.lines().size(), 1U);
    EXPECT_EQ(log_.lines()[0].first, LogLevel::warning);
    fs::remove(state_);
    messages_.keep(100, payload(), log_);
    EXPECT_EQ(read_file(path("100")), payload()) << "it is tried again";
}

TEST_F(MarketMessagesTest, FolderThatWentIsMadeAgain) {
    messages_.keep(100, payload("http://a"), log_);
    fs::remove_all(state_);
    messages_.keep(100, payload("http://b"), log_);
    messages_.keep(100, payload("http://c"), log_);
    EXPECT_EQ(read_file(path("100")), payload("http://c"));
}

}  // namespace
}  // namespace onemarket
