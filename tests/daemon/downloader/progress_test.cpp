// SPDX-License-Identifier: Apache-2.0
#include "daemon/downloader/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace onemarket {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr uint64_t kMiB = uint64_t{1} << 20;

class ProgressTest : public testing::Test {
  protected:
    ShownProgress progress(bool terminal) {
        return ShownProgress([this](std::string_view text) { printed_.emplace_back(text); }, terminal,
                        "name");
    }

    std::vector<std::string> printed_;
    const ShownProgress::Clock::time_point start_ = ShownProgress::Clock::now();
};

TEST_F(ProgressTest, ALineForTenPerCentAndTenSeconds) {
    ShownProgress lines = progress(false);
    lines.begin(100 * kMiB, start_);
    for (int second = 1; second <= 100; ++second) lines.moved(kMiB, start_ + seconds(second));
    ASSERT_EQ(printed_.size(), 10U);
    EXPECT_EQ(printed_[0], "INFO: name: 10 MiB of 100 MiB (10 %), 1.0 MiB/s, 1:30 left\n");
    EXPECT_EQ(printed_[9], "INFO: name: 100 MiB of 100 MiB (100 %), 1.0 MiB/s, 0:00 left\n");
}

TEST_F(ProgressTest, NotMoreOftenThanTenSeconds) {
    ShownProgress lines = progress(false);
    lines.begin(100 * kMiB, start_);
    for (int second = 1; second <= 19; ++second) lines.moved(5 * kMiB, start_ + seconds(second));
    EXPECT_THAT(printed_, ElementsAre(HasSubstr("(50 %)")));
}

TEST_F(ProgressTest, NorForLessThanTenPerCent) {
    ShownProgress lines = progress(false);
    lines.begin(100 * kMiB, start_);
    lines.moved(9 * kMiB, start_ + seconds(100));
    EXPECT_THAT(printed_, IsEmpty());
    lines.moved(kMiB, start_ + seconds(200));
    EXPECT_EQ(printed_.size(), 1U);
}

TEST_F(ProgressTest, EveryMinuteWhereTheEndIsNotKnown) {
    for (const auto length : {std::optional<uint64_t>(), std::optional<uint64_t>(0)}) {
        printed_.clear();
        ShownProgress lines = progress(false);
        lines.begin(length, start_);
        for (int second = 1; second <= 125; ++second) lines.moved(kMiB, start_ + seconds(second));
        EXPECT_THAT(printed_, ElementsAre("INFO: name: 60 MiB, 1.0 MiB/s\n",
                                          "INFO: name: 120 MiB, 1.0 MiB/s\n"));
    }
}

TEST_F(ProgressTest, ABarWhereSomebodyLooks) {
    ShownProgress bar = progress(true);
    bar.begin(100 * kMiB, start_);
    bar.moved(10 * kMiB, start_ + milliseconds(199));
    EXPECT_THAT(printed_, IsEmpty());
    bar.moved(40 * kMiB, start_ + seconds(1));
    bar.moved(kMiB, start_ + milliseconds(1100));
    bar.moved(49 * kMiB, start_ + seconds(2));
    EXPECT_THAT(printed_,
                ElementsAre("\r\033[K[===============               ] 50 MiB of 100 MiB "
                            "(50 %), 50 MiB/s, 0:01 left",
                            "\r\033[K[==============================] 100 MiB of 100 MiB "
                            "(100 %), 50 MiB/s, 0:00 left"));
}

TEST_F(ProgressTest, ABarOfNoEnd) {
    ShownProgress bar = progress(true);
    bar.begin({}, start_);
    bar.moved(10 * kMiB, start_ + seconds(2));
    EXPECT_THAT(printed_, ElementsAre("\r\033[K10 MiB, 5.0 MiB/s"));
}

TEST_F(ProgressTest, TheBarGoesOnce) {
    ShownProgress bar = progress(true);
    bar.begin(100 * kMiB, start_);
    bar.end();
    EXPECT_THAT(printed_, IsEmpty());
    bar.moved(kMiB, start_ + seconds(1));
    bar.end();
    bar.end();
    EXPECT_THAT(printed_, ElementsAre(HasSubstr("1 %"), "\r\033[K"));
}

TEST_F(ProgressTest, MoreThanWasSaid) {
    for (const bool terminal : {false, true}) {
        ShownProgress progress_of = progress(terminal);
        progress_of.begin(kMiB, start_);
        progress_of.moved(5 * kMiB, start_ + seconds(100));
    }
    EXPECT_THAT(
        printed_,
        ElementsAre("INFO: name: 5.0 MiB of 1.0 MiB (100 %), 51 KiB/s\n",
                    HasSubstr("[==============================] 5.0 MiB of 1.0 MiB (100 %)")));
}

TEST_F(ProgressTest, NoTimeAndNoBytes) {
    ShownProgress bar = progress(true);
    bar.begin(kMiB, start_ - seconds(1));
    bar.moved(0, start_);
    EXPECT_THAT(printed_, ElementsAre(HasSubstr("0 B of 1.0 MiB, 0 B/s")));
    printed_.clear();
    ShownProgress lines = progress(false);
    lines.moved(kMiB, start_);  // without begin()
}

}  // namespace
}  // namespace onemarket
