// SPDX-License-Identifier: Apache-2.0
// The status as the driver writes it, and as onemarketctl shows it.
#include "daemon/status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/ctl/status_view.h"
#include "protocol/ascii.h"
#include "protocol/utf8.h"

namespace onemarket {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

constexpr uint64_t kMiB = uint64_t{1} << 20;

class StatusTest : public testing::Test {
  protected:
    StatusTest() {
        status_.now = WallTime(seconds(1'800'000'000));
        status_.started = status_.now - hours(3);
        status_.pid = 42;
    }
    void add_import(ObjectId app, Transfer::State transfer, bool cancelled = false) {
        status_.requests.push_back({Action::import,
                                    app,
                                    {100, "Lab", "alpine"},
                                    Flight::State::running,
                                    cancelled,
                                    status_.now - seconds(7),
                                    transfer});
    }
    JsonValue json() const {
        Result<JsonValue> value = parse_json(to_json(status_));
        EXPECT_TRUE(value);
        return *value;
    }
    std::string view() const { return status_view(json()); }

    Status status_;
};

TEST_F(StatusTest, AnIdleDriver) {
    EXPECT_EQ(view(),
              "onemarketd 0.1.0, pid 42, up 3 h\n"
              "0 running, 0 waiting; journal: 0 records\n");
}

TEST_F(StatusTest, WhatRuns) {
    status_.counts = {{2, 3, 1}, {}, {}};
    status_.retries_waiting = 4;
    status_.journal_records = 1;
    status_.journal_oldest = status_.now - seconds(90);
    add_import(
        5, {Transfer::Stage::moving, 50 * kMiB, 100 * kMiB, Transfer::Clock::now() - seconds(10)});
    add_import(6, {Transfer::Stage::moving, 50 * kMiB, {}, Transfer::Clock::now() - seconds(10)});
    add_import(7, {});
    add_import(8, {}, true);
    status_.requests.push_back(
        {Action::remove, 9, {}, Flight::State::waiting, false, status_.now, {}});
    const std::string text = view();
    EXPECT_THAT(
        text, HasSubstr("3 running, 2 waiting, 1 put off; 4 to be tried again; journal: 1 record, "
                        "the oldest 1 min\n"));
    EXPECT_THAT(text,
                HasSubstr("IMPORT   5 alpine  100 Lab      moving     7 s  [==========          ] "
                          "50 % of 100 MiB  5.0 MiB/s  0:"));
    EXPECT_THAT(text, HasSubstr("IMPORT   6 alpine  100 Lab      moving     7 s  50 MiB "));
    EXPECT_THAT(text, HasSubstr("IMPORT   7 alpine  100 Lab      preparing  7 s\n"));
    EXPECT_THAT(text, HasSubstr("IMPORT   8 alpine  100 Lab      cancelled  7 s\n"));
    EXPECT_THAT(text, HasSubstr("DELETE   9         -            waiting    0 s\n"));
}

TEST_F(StatusTest, WhatIsToBeTriedAgain) {
    status_.requests.push_back({Action::import,
                                5,
                                {100, "Lab", "alpine"},
                                Flight::State::delayed,
                                false,
                                status_.now - seconds(7),
                                {}});
    status_.retries.push_back(
        {Action::import, 5, {}, status_.now, status_.now + seconds(60), "PUBLIC_DIR /p: gone"});
    status_.retries.push_back({Action::remove,
                               6,
                               {100, "Lab", "old"},
                               status_.now - hours(1),
                               status_.now + seconds(120),
                               "https://h: refused"});
    const std::string text = view();
    EXPECT_THAT(text, HasSubstr("IMPORT   5 alpine  100 Lab      delayed  7 s  at 08:01:00; "
                                "PUBLIC_DIR /p: gone\n"));
    EXPECT_THAT(text, HasSubstr("DELETE   6 old     100 Lab      retry    1 h  at 08:02:00; "
                                "https://h: refused\n"));
    EXPECT_THAT(
        to_json(status_),
        HasSubstr(
            R"("state": "retry", "cancelled": false, "accepted": "2027-01-15T07:00:00Z", )"
            R"("age": 3600, "reason": "https://h: refused", "next": "2027-01-15T08:02:00Z"})"));
}

TEST_F(StatusTest, MetricsThatAreRefused) {
    EXPECT_THAT(to_json(status_), Not(HasSubstr("\"metrics\"")));
    status_.metrics_problem = "no metrics at x: y";
    EXPECT_THAT(to_json(status_), HasSubstr(R"("metrics": {"problem": "no metrics at x: y"})"));
}

TEST_F(StatusTest, WhatWasAnswered) {
    const Subject subject{100, "Lab", "alpine"};
    status_.totals.last.push_back(
        {Action::import, 5, subject, true, {}, "", status_.now, milliseconds(6001), 600 * kMiB});
    status_.totals.last.push_back({Action::remove, 6, subject, false, ErrorKind::unavailable,
                                   "no \"route\"", status_.now - hours(48), milliseconds(1), 0});
    const std::string text = view();
    EXPECT_THAT(text,
                HasSubstr("08:00:00    IMPORT   SUCCESS  5 alpine  100 Lab      600 MiB in 7 s\n"));
    EXPECT_THAT(text,
                HasSubstr("2027-01-13  DELETE   FAILURE  6 alpine  100 Lab      no \"route\"\n"));
}

TEST_F(StatusTest, Marketplaces) {
    status_.totals.markets[100] = {"Lab",      status_.now, true, "", MarketUsage{1, 2048, 3, 0},
                                   status_.now};
    status_.totals.markets[101] = {"one",      status_.now, true, "", MarketUsage{{}, {}, {}, 17},
                                   status_.now};
    status_.totals.markets[102] = {"", status_.now, false, "not reachable", {}, {}};
    const std::string text = view();
    EXPECT_THAT(text, HasSubstr("100 Lab      08:00:00  SUCCESS  1.0 MiB  2.0 GiB\n"));
    EXPECT_THAT(text, HasSubstr("101 one      08:00:00  SUCCESS  -        -        17\n"));
    EXPECT_THAT(
        text, HasSubstr("102          08:00:00  FAILURE  -        -              not reachable\n"));
}

TEST_F(StatusTest, NoJournal) {
    status_.journal_problem = "another driver has it";
    EXPECT_THAT(view(), HasSubstr("no imports: another driver has it\n"));
}

TEST_F(StatusTest, AScreenShowsWhatRuns) {
    add_import(5, {});
    add_import(6, {Transfer::Stage::queued, 0, {}, {}});
    status_.requests.push_back(
        {Action::remove, 7, {}, Flight::State::waiting, false, status_.now, {}});
    for (ObjectId app = 50; app < 100; ++app)
        status_.totals.last.push_back({Action::import,
                                       app,
                                       {},
                                       false,
                                       ErrorKind::unavailable,
                                       std::string(200, 'x'),
                                       status_.now,
                                       milliseconds(1),
                                       0});
    status_.totals.markets[100] = {"Lädchen", status_.now, true, "", {}, {}};
    const auto lines = [&](size_t rows, size_t columns) {
        const std::string text = status_view(json(), {rows, columns});
        EXPECT_TRUE(is_utf8(text));
        std::vector<std::string> all;
        for (const std::string_view line : ascii::split(text, "\n")) all.emplace_back(line);
        EXPECT_LE(std::count(text.begin(), text.end(), '\n'), rows);
        return all;
    };
    const auto starts = [](const std::string& begin) {
        return Contains(testing::StartsWith(begin));
    };
    const auto all = lines(SIZE_MAX, SIZE_MAX);
    EXPECT_EQ(all.size(), 2U + 4 + 51 + 2);
    const auto usual = lines(24, 79);
    EXPECT_THAT(usual, testing::AllOf(starts("IMPORT   5"), starts("IMPORT   6"),
                                      starts("DELETE   7"), starts("100 Lädchen")));
    EXPECT_THAT(usual, testing::Each(testing::SizeIs(testing::Le(80U))));
    EXPECT_EQ(usual.size(), 21U);  // and three blank ones
    EXPECT_THAT(usual,
                testing::AllOf(Contains(HasSubstr(" 50 ")), Not(Contains(HasSubstr(" 63 ")))));
    // Without room for answers.
    EXPECT_THAT(lines(9, 30),
                testing::AllOf(starts("IMPORT   5"), starts("IMPORT   6"), starts("100 Lädchen"),
                               Not(starts("DELETE")), Not(starts("ANSWERED"))));
    EXPECT_THAT(lines(5, 11), starts("IMPORT   5"));
    EXPECT_THAT(lines(8, 10), Contains("100 Lädche"));
    EXPECT_EQ(lines(1, 10), std::vector<std::string>{"onemarketd"});
}

// A driver of another version may leave out what this one knows.
TEST_F(StatusTest, ViewOfWhateverComes) {
    for (const char* text :
         {"{}", "[]", "5", R"({"requests": [5, {}, {"app": {}}], "last": {}, "markets": [[]]})",
          R"({"requests": [{"moved": -1, "total": "x", "left": "abc"}]})"}) {
        const Result<JsonValue> value = parse_json(text);
        ASSERT_TRUE(value);
        EXPECT_THAT(status_view(*value), HasSubstr("onemarketd")) << text;
    }
}

// A terminal obeys what stands in a name.
TEST_F(StatusTest, NoControlCharacters) {
    status_.requests.push_back({Action::import,
                                5,
                                {100, "a\033[2Jb", "x\ny"},
                                Flight::State::running,
                                false,
                                status_.now,
                                {}});
    EXPECT_EQ(view().find('\033'), std::string::npos);
    EXPECT_THAT(view(), HasSubstr("x y"));
}

}  // namespace
}  // namespace onemarket
