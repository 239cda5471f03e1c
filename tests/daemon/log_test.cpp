// SPDX-License-Identifier: Apache-2.0
#include "daemon/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/support.h"

namespace onemarket {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class LogFileTest : public testing::Test {
  protected:
    std::string text() const { return test::read_file(path_); }

    test::TempDir dir_;
    const std::string path_ = dir_ / "onemarketd.log";
};

TEST_F(LogFileTest, LevelsAreHeard) {
    LogFile log(path_, LogLevel::info, 1, 1);
    log.write(LogLevel::debug, "quiet");
    log.write(LogLevel::info, "one");
    EXPECT_EQ(log.reopen(LogLevel::debug, 1, 1), "");
    log.write(LogLevel::debug, "two");
    EXPECT_THAT(text(), AllOf(HasSubstr("one"), HasSubstr("two"), Not(HasSubstr("quiet"))));
}

// As logrotate does it.
TEST_F(LogFileTest, ReopenedWhereItWasMovedAway) {
    LogFile log(path_, LogLevel::info, 1, 1);
    log.write(LogLevel::info, "one");
    std::filesystem::rename(path_, path_ + ".1");
    log.write(LogLevel::info, "two");
    EXPECT_EQ(log.reopen(LogLevel::info, 1, 1), "");
    log.write(LogLevel::info, "three");
    EXPECT_THAT(test::read_file(path_ + ".1"), AllOf(HasSubstr("one"), HasSubstr("two")));
    EXPECT_THAT(text(), AllOf(HasSubstr("three"), Not(HasSubstr("two"))));
}

TEST_F(LogFileTest, StaysWhereItCannotBeReopened) {
    LogFile log(path_, LogLevel::info, 1, 1);
    std::filesystem::rename(path_, path_ + ".1");
    std::filesystem::create_directory(path_);
    EXPECT_THAT(log.reopen(LogLevel::info, 1, 1), HasSubstr("no regular file"));
    log.write(LogLevel::info, "still");
    EXPECT_THAT(test::read_file(path_ + ".1"), HasSubstr("still"));
}

TEST_F(LogFileTest, AProblemIsNoEnd) {
    LogFile log(dir_ / "missing/onemarketd.log", LogLevel::info, 1, 1);
    EXPECT_THAT(log.problem(), HasSubstr("there is no folder"));
    log.write(LogLevel::info, "nowhere");
    std::filesystem::create_directory(dir_ / "missing");
    EXPECT_EQ(log.reopen(LogLevel::info, 1, 1), "");
    log.write(LogLevel::info, "now");
    EXPECT_THAT(test::read_file(dir_ / "missing/onemarketd.log"), HasSubstr("now"));
}

}  // namespace
}  // namespace onemarket
