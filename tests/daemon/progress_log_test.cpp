// SPDX-License-Identifier: Apache-2.0
#include "daemon/progress_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace onemarket {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr uint64_t kMiB = uint64_t{1} << 20;

class ProgressLogTest : public testing::Test {
  protected:
    FlightView import(ObjectId app, uint64_t moved,
                      Transfer::Stage stage = Transfer::Stage::moving) {
        return {Action::import,
                app,
                {},
                Flight::State::running,
                false,
                {},
                {stage, moved, 100 * kMiB, start_}};
    }
    void look(const std::vector<FlightView>& requests, int second) {
        log_.look(requests, start_ + seconds(second));
    }

    std::vector<std::string> said_;
    ProgressLog log_{[this](ObjectId, std::string_view text) { said_.emplace_back(text); }};
    const ProgressLog::Clock::time_point start_ = ProgressLog::Clock::now();
};

TEST_F(ProgressLogTest, EveryTenPerCentAndTenSecondsOfEach) {
    for (int second = 0; second <= 60; second += 2)
        look({import(5, static_cast<uint64_t>(second) * kMiB), import(6, kMiB)}, second);
    EXPECT_THAT(said_, ElementsAre("app 5: 10 MiB of 100 MiB (10 %), 1.0 MiB/s, 1:30 left",
                                   "app 5: 20 MiB of 100 MiB (20 %), 1.0 MiB/s, 1:20 left",
                                   "app 5: 30 MiB of 100 MiB (30 %), 1.0 MiB/s, 1:10 left",
                                   "app 5: 40 MiB of 100 MiB (40 %), 1.0 MiB/s, 1:00 left",
                                   "app 5: 50 MiB of 100 MiB (50 %), 1.0 MiB/s, 0:50 left",
                                   "app 5: 60 MiB of 100 MiB (60 %), 1.0 MiB/s, 0:40 left"));
}

TEST_F(ProgressLogTest, ShortOnesSayNothing) {
    look({import(5, 10 * kMiB)}, 1);
    look({import(5, 90 * kMiB)}, 9);
    look({import(5, 100 * kMiB, Transfer::Stage::publishing)}, 20);
    look({import(5, 0, Transfer::Stage::queued)}, 30);
    EXPECT_THAT(said_, IsEmpty());
}

TEST_F(ProgressLogTest, NothingOfOtherActions) {
    FlightView monitor = import(100, 50 * kMiB);
    monitor.action = Action::monitor;
    look({monitor}, 50);
    EXPECT_THAT(said_, IsEmpty());
}

}  // namespace
}  // namespace onemarket
