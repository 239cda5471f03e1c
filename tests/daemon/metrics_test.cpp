// SPDX-License-Identifier: Apache-2.0
#include "daemon/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "protocol/ascii.h"

namespace onemarket {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

const WallTime kNow{std::chrono::hours(500'000)};

Answered answer(Action action, std::optional<ErrorKind> failure, milliseconds span) {
    return {action, 5, {}, !failure, failure, failure ? "why" : "", kNow, span, 0};
}

Status status_of(const Statistics& statistics) {
    Status status;
    status.now = kNow;
    status.totals = statistics.totals();
    return status;
}

std::string metrics(const Status& status) {
    return "\n" + to_prometheus(status, {});
}

// A market whose last MONITOR was answered some time ago.
Status with_market(const std::string& name, std::chrono::minutes ago, const MarketUsage& usage) {
    Statistics statistics;
    Subject subject;
    subject.market_name = name;
    statistics.monitored(100, subject, usage, kNow);
    Answered answered = answer(Action::monitor, std::nullopt, milliseconds(3));
    answered.id = 100;
    answered.at = kNow - ago;
    answered.subject = subject;
    statistics.answered(answered);
    return status_of(statistics);
}

TEST(Metrics, WhatWasCountedIsThere) {
    Statistics statistics;
    statistics.answered(answer(Action::import, std::nullopt, milliseconds(700)));
    statistics.answered(answer(Action::import, std::nullopt, milliseconds(2000)));
    statistics.answered(answer(Action::import, ErrorKind::no_space, milliseconds(50)));
    statistics.retried(Action::remove);
    Status status = status_of(statistics);
    status.moved = uint64_t{1} << 40;
    status.counts.actions[Action::remove].waiting = 7;
    status.retries_waiting = 3;
    const std::string text = metrics(status);
    for (const auto* line : {
             "\nonemarketd_requests_total{action=\"import\",result=\"success\"} 2\n",
             "\nonemarketd_requests_total{action=\"import\",result=\"failure\"} 1\n",
             "\nonemarketd_failures_total{action=\"import\",kind=\"no_space\"} 1\n",
             "\nonemarketd_request_duration_seconds_bucket{action=\"import\",le=\"0.1\"} 1\n",
             "\nonemarketd_request_duration_seconds_bucket{action=\"import\",le=\"1\"} 2\n",
             "\nonemarketd_request_duration_seconds_bucket{action=\"import\",le=\"+Inf\"} 3\n",
             "\nonemarketd_request_duration_seconds_sum{action=\"import\"} 2.75\n",
             "\nonemarketd_request_duration_seconds_count{action=\"import\"} 3\n",
             "\nonemarketd_image_bytes_total 1099511627776\n",
             "\nonemarketd_requests_waiting{action=\"delete\"} 7\n",
             "\nonemarketd_retries_total{action=\"delete\"} 1\n",
             "\nonemarketd_retries_waiting 3\n",
         })
        EXPECT_THAT(text, HasSubstr(line));
}

// The first of a kind is a rise only where there was a 0 before.
TEST(Metrics, WhatCanBeCountedIsThereFromTheStart) {
    const std::string text = metrics(status_of({}));
    for (const std::string action : {"import", "delete", "monitor"}) {
        for (const ErrorKind kind : kErrorKinds)
            EXPECT_THAT(text, HasSubstr("\nonemarketd_failures_total{action=\"" + action +
                                        "\",kind=\"" + std::string(to_string(kind)) + "\"} 0\n"));
        for (const std::string result : {"success", "failure"})
            EXPECT_THAT(text, HasSubstr("\nonemarketd_requests_total{action=\"" + action +
                                        "\",result=\"" + result + "\"} 0\n"));
        EXPECT_THAT(text, HasSubstr("\nonemarketd_request_duration_seconds_count{action=\"" +
                                    action + "\"} 0\n"));
    }
}

TEST(Metrics, TheJournal) {
    Status status = status_of({});
    EXPECT_THAT(metrics(status), HasSubstr("\nonemarketd_journal_oldest_age_seconds 0\n"));
    EXPECT_THAT(metrics(status), HasSubstr("\nonemarketd_journal_usable 1\n"));
    status.journal_oldest = kNow - std::chrono::minutes(90);
    status.journal_problem = "another driver has it";
    EXPECT_THAT(metrics(status), HasSubstr("\nonemarketd_journal_oldest_age_seconds 5400\n"));
    EXPECT_THAT(metrics(status), HasSubstr("\nonemarketd_journal_usable 0\n"));
    status.journal_oldest = kNow + std::chrono::minutes(1);  // the clock was put back
    EXPECT_THAT(metrics(status), HasSubstr("\nonemarketd_journal_oldest_age_seconds 0\n"));
}

TEST(Metrics, AMarketplace) {
    const std::string text =
        metrics(with_market("Lab", std::chrono::minutes(1), {100, 900, 1000, 0}));
    for (const auto* line : {
             "\nonemarketd_market_used_bytes{market=\"100\",name=\"Lab\"} 104857600\n",
             "\nonemarketd_market_free_bytes{market=\"100\",name=\"Lab\"} 943718400\n",
             "\nonemarketd_market_total_bytes{market=\"100\",name=\"Lab\"} 1048576000\n",
             "\nonemarketd_market_monitor_success{market=\"100\",name=\"Lab\"} 1\n",
             "\nonemarketd_market_monitor_timestamp_seconds{market=\"100\",name=\"Lab\"} "
             "1799999940\n",
         })
        EXPECT_THAT(text, HasSubstr(line));
    EXPECT_THAT(text, Not(HasSubstr("onemarketd_market_apps")));
}

TEST(Metrics, ACatalogueHasAppsAndNoSize) {
    const std::string text =
        metrics(with_market("Public", {}, {std::nullopt, std::nullopt, std::nullopt, 1234}));
    EXPECT_THAT(text, HasSubstr("\nonemarketd_market_apps{market=\"100\",name=\"Public\"} 1234\n"));
    EXPECT_THAT(text, Not(HasSubstr("onemarketd_market_total_bytes")));
}

TEST(Metrics, AMarketplaceNobodyLooksAtIsForgotten) {
    EXPECT_THAT(metrics(with_market("Lab", std::chrono::hours(23), {})), HasSubstr("Lab"));
    EXPECT_THAT(metrics(with_market("Lab", std::chrono::hours(25), {})), Not(HasSubstr("Lab")));
}

TEST(Metrics, ANameCannotLeaveItsQuotes) {
    const std::string text = metrics(with_market("a\"} 1\n\\b\xff", {}, {1, 1, 2, 0}));
    EXPECT_THAT(text, HasSubstr("\nonemarketd_market_monitor_success{market=\"100\",name="
                                "\"a\\\"} 1\\n\\\\b\xEF\xBF\xBD\"} 1\n"));
}

TEST(Metrics, EachIsDescribedBeforeItsSamplesAndOnce) {
    std::set<std::string_view> seen;
    std::string_view now;
    const std::string text =
        to_prometheus(with_market("Lab", {}, {100, 900, 1000, 5}), read_process_usage());
    for (const std::string_view line : ascii::split(text, "\n")) {
        const auto words = ascii::split(line, " {");
        if (line.starts_with("# HELP ")) {
            now = words[2];
            EXPECT_TRUE(seen.insert(now).second) << line;
            EXPECT_TRUE(line.ends_with(".")) << line;
        } else if (line.starts_with("# TYPE ")) {
            EXPECT_EQ(words[2], now);
        } else {
            EXPECT_TRUE(words[0].starts_with(now)) << line;
        }
    }
    EXPECT_EQ(seen.size(), 26U);
}

TEST(Metrics, OfThisProcess) {
    const ProcessUsage usage = read_process_usage();
    EXPECT_GT(usage.resident_bytes.value_or(0), uint64_t{1} << 20);
    EXPECT_GT(usage.virtual_bytes.value_or(0), usage.resident_bytes.value_or(0));
    EXPECT_GT(usage.open_files.value_or(0), 2U);
    EXPECT_GE(usage.threads.value_or(0), 1U);
    const double before = usage.cpu_seconds.value_or(1e9);
    for (ProcessUsage later = usage; later.cpu_seconds.value_or(0) < before + 0.02;)
        later = read_process_usage();
    EXPECT_THAT(to_prometheus(status_of({}), usage), HasSubstr("\nprocess_open_fds "));
    EXPECT_THAT(to_prometheus(status_of({}), {}), Not(HasSubstr("process_")));
}

}  // namespace
}  // namespace onemarket
