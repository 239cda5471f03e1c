// SPDX-License-Identifier: Apache-2.0
#include "daemon/metrics_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <optional>

#include "tests/support/support.h"

namespace onemarket {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class MetricsFileTest : public testing::Test {
  protected:
    test::TempDir dir_;
    std::string path_ = dir_ / "onemarketd.prom";
    boost::asio::io_context loop_;
    std::vector<std::string> said_;
    std::optional<MetricsFile> file_{
        std::in_place, loop_, [] { return "x 1\n"; },
        [this](LogLevel, std::string_view text) { said_.emplace_back(text); }};
};

TEST_F(MetricsFileTest, IsWholeAndForEverybodyToRead) {
    const mode_t before = ::umask(0077);
    file_->write_to(path_);
    ::umask(before);
    EXPECT_EQ(test::read_file(path_), "x 1\n");
    EXPECT_THAT(test::list(dir_.path()), ElementsAre("onemarketd.prom"));
    EXPECT_EQ(test::mode_of(path_), 0644U);
}

// Another's file, behind a link somebody else has put there, stays as it is.
TEST_F(MetricsFileTest, TakesThePlaceOfALink) {
    test::write_file(dir_ / "other", "theirs");
    std::filesystem::create_symlink("other", path_);
    file_->write_to(path_);
    EXPECT_EQ(test::read_file(dir_ / "other"), "theirs");
    EXPECT_EQ(test::read_file(path_), "x 1\n");
    EXPECT_FALSE(std::filesystem::is_symlink(path_));
}

TEST_F(MetricsFileTest, MovesAndIsGoneAtTheEnd) {
    file_->write_to(path_);
    file_->write_to(dir_ / "b.prom");
    EXPECT_THAT(test::list(dir_.path()), ElementsAre("b.prom"));
    file_->write_to("");
    EXPECT_THAT(test::list(dir_.path()), IsEmpty());
    file_->write_to(path_);
    file_.reset();
    EXPECT_THAT(test::list(dir_.path()), IsEmpty());
}

// Two drivers overlap where one is replaced: the file of the one that stays, whichever number it
// has.
TEST_F(MetricsFileTest, WhatAnotherHasPutThereStays) {
    for (int i = 0; i < 3; ++i) {
        file_->write_to(path_);
        for (int j = 0; j < 3; ++j) {
            test::write_file(dir_ / "new", "theirs");
            std::filesystem::rename(dir_ / "new", path_);
        }
        file_->write_to("");
        EXPECT_EQ(test::read_file(path_), "theirs");
    }
}

TEST_F(MetricsFileTest, AFolderThatIsNotThereIsSaidOnce) {
    file_->write_to(dir_ / "no/x.prom");
    EXPECT_THAT(said_, ElementsAre(HasSubstr("no/x.prom: No such file or directory")));
    std::filesystem::create_directory(dir_ / "onemarketd.prom");
    file_->write_to(path_);
    EXPECT_THAT(said_, SizeIs(2));
    EXPECT_THAT(test::list(dir_.path()), ElementsAre("onemarketd.prom"));
}

}  // namespace
}  // namespace onemarket
