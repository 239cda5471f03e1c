// SPDX-License-Identifier: Apache-2.0
#include "backends/site_script.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/backends/helpers.h"

namespace onemarket {
namespace {

using std::chrono::seconds;
using test::error_of;
using test::Stopwatch;
using test::TestContext;

using LogLines = std::vector<std::pair<LogLevel, std::string>>;

// --- Sorting stderr ---

struct Sorted {
    test::RecordingLog log;
    ScriptErrors errors{log};

    explicit Sorted(const std::vector<std::string>& lines) {
        for (const std::string& line : lines) errors.add_line(line);
    }
    std::string reason(ExitStatus status = {1, 0}) const {
        return errors.reason("/x/import", status);
    }
};

TEST(ScriptErrors, LogLinesAreNoReason) {
    const Sorted sorted({"INFO: copying", "  WARN: slow", "WARNING: slower", "DEBUG: 42",
                         "ERROR: it broke", "no more bytes"});
    EXPECT_EQ(sorted.log.lines(), (LogLines{{LogLevel::info, "copying"},
                                            {LogLevel::warning, "slow"},
                                            {LogLevel::warning, "slower"},
                                            {LogLevel::debug, "42"},
                                            {LogLevel::error, "it broke"}}));
    EXPECT_EQ(sorted.reason(), "no more bytes");
}

TEST(ScriptErrors, OnlyAtTheBeginOfALineAndInUpperCase) {
    const Sorted sorted({"cp: ERROR: x", "error: y", "ERRORS: z", "INFORMATION"});
    EXPECT_TRUE(sorted.log.lines().empty());
    EXPECT_EQ(sorted.reason(), "cp: ERROR: x error: y ERRORS: z INFORMATION");
}

TEST(ScriptErrors, ReasonIsItsLinesJoinedByBlanks) {
    EXPECT_EQ(Sorted({"one", "", "  two \r", "\t", "three"}).reason(), "one two three");
}

TEST(ScriptErrors, FencesOfOldReleasesAreNoReason) {
    const Sorted sorted({"ERROR MESSAGE --8<------", "it broke", "ERROR MESSAGE ------>8--"});
    EXPECT_EQ(sorted.reason(), "it broke");
    EXPECT_TRUE(sorted.log.lines().empty());
}

TEST(ScriptErrors, WithoutAReasonItsLastErrorOrHowItEnded) {
    EXPECT_EQ(Sorted({}).reason({3, 0}), "/x/import failed with exit status 3");
    EXPECT_EQ(Sorted({"INFO: a"}).reason({3, 0}), "/x/import failed with exit status 3");
    EXPECT_EQ(Sorted({"ERROR: one", "ERROR: two", "INFO: a"}).reason({3, 0}),
              "/x/import failed with exit status 3: two");
}

TEST(ScriptErrors, SignalIsAlwaysNamed) {
    EXPECT_EQ(Sorted({}).reason({0, 9}), "/x/import killed by signal 9");
    EXPECT_EQ(Sorted({"half done"}).reason({0, 9}), "/x/import killed by signal 9: half done");
    EXPECT_EQ(Sorted({"ERROR: why"}).reason({0, 11}), "/x/import killed by signal 11: why");
}

TEST(ScriptErrors, ReasonIsBounded) {
    test::RecordingLog log;
    ScriptErrors errors(log);
    for (int i = 0; i < 10'000; ++i) errors.add_line(std::string(60'000, 'x'));
    EXPECT_LE(errors.reason("/x/import", {1, 0}).size(), 32'768U);
    for (int i = 0; i < 1'000; ++i) errors.add_line("a short line");
    EXPECT_LE(errors.reason("/x/import", {1, 0}).size(), 32'768U);
}

TEST(ScriptErrors, ErrorUsedAsAReasonIsBounded) {
    const Sorted sorted({"ERROR: " + std::string(60'000, 'x')});
    EXPECT_LE(sorted.reason().size(), 32'768U);
}

// A script that loops must not flood oned's log; its last error is kept all the same.
TEST(ScriptErrors, LogLinesAreBounded) {
    std::vector<std::string> lines(5'000, "INFO: again");
    lines.emplace_back("ERROR: the last one");
    const Sorted sorted(lines);
    EXPECT_EQ(sorted.log.lines().size(), 1'001U) << "one says that more was left out";
    EXPECT_EQ(sorted.log.lines().back().first, LogLevel::warning);
    EXPECT_EQ(sorted.reason({3, 0}), "/x/import failed with exit status 3: the last one");
}

// --- Running ---

class RunScript : public testing::Test {
  protected:
    std::string run(const std::string& content, std::vector<std::string> args = {},
                    std::string input = "") {
        const std::string script = site_.script("market/foo/import", content);
        return run_script(site_.site, script, std::move(args), std::move(input), context_);
    }
    Error error(const std::string& content) {
        return error_of([&] { run(content); });
    }

    test::Ignored pipe_signal_{SIGPIPE};
    test::TestSite site_;
    TestContext context_;
};

TEST_F(RunScript, GivesItsStdoutAndTakesArgumentsAndInput) {
    EXPECT_EQ(run("#!/bin/sh\necho \"$#:$1:$2\"; cat\n", {"a b", "5"}, "input"), "2:a b:5\ninput");
}

TEST_F(RunScript, FindsTheSitesEnvironmentAndFolder) {
    site_.site.environment.push_back("ONE_LOCATION=/opt/one");
    EXPECT_EQ(run("#!/bin/sh\npwd -P; echo $ONE_LOCATION\n"),
              std::filesystem::canonical(site_.site.work_dir).string() + "\n/opt/one\n");
}

TEST_F(RunScript, ReasonComesFromItsStderr) {
    const Error failed = error("#!/bin/sh\necho INFO: a >&2; echo no >&2; echo room >&2; exit 2\n");
    EXPECT_EQ(failed.kind(), ErrorKind::unavailable);
    EXPECT_STREQ(failed.what(), "no room");
    EXPECT_EQ(context_.log.lines(), (LogLines{{LogLevel::info, "a"}}));
}

// What of them is no UTF-8 is repaired where the reason becomes a line for oned.
TEST_F(RunScript, ReasonInAnyEncoding) {
    const Error failed =
        error("#!/bin/sh\nprintf 'caf\\351 \\377\\n\\303\\251 full' >&2; exit 1\n");
    EXPECT_EQ(one_line(failed.what()), "caf\uFFFD \uFFFD \u00e9 full");
}

TEST_F(RunScript, StderrOfAScriptThatSucceedsIsNoReason) {
    EXPECT_EQ(run("#!/bin/sh\necho WARN: odd >&2; echo noise >&2; echo answer\n"), "answer\n");
    EXPECT_EQ(context_.log.lines(), (LogLines{{LogLevel::warning, "odd"}}));
}

TEST_F(RunScript, OutputOfAScriptThatFailsIsNoAnswer) {
    EXPECT_EQ(error("#!/bin/sh\necho answer; exit 1\n").what(),
              site_.site.remotes + "/market/foo/import failed with exit status 1");
}

TEST_F(RunScript, KilledByASignal) {
    const Error failed = error("#!/bin/sh\nkill -9 $$\n");
    EXPECT_EQ(failed.kind(), ErrorKind::unavailable);
    EXPECT_EQ(failed.what(), site_.site.remotes + "/market/foo/import killed by signal 9");
}

TEST_F(RunScript, EndlessReasonIsBoundedAndEnds) {
    const Error failed = error("#!/bin/sh\nhead -c 20000000 /dev/zero | tr '\\0' x >&2\nexit 1\n");
    EXPECT_LE(std::string(failed.what()).size(), 32'768U);
}

TEST_F(RunScript, TooLongAnAnswer) {
    site_.site.max_script_output = 1000;
    const Stopwatch watch;
    const Error failed = error("#!/bin/sh\nexec yes\n");
    EXPECT_EQ(failed.kind(), ErrorKind::limit);
    EXPECT_LT(watch.seconds(), 10);
}

TEST_F(RunScript, DeadlineStopsIt) {
    const std::string script = site_.script("market/foo/import", "#!/bin/sh\nexec sleep 600\n");
    TestContext context(5, {seconds(1), false});
    const Stopwatch watch;
    const Error failed = error_of([&] { run_script(site_.site, script, {}, "", context); });
    EXPECT_EQ(failed.kind(), ErrorKind::timeout);
    EXPECT_TRUE(std::string(failed.what()).starts_with("Timeout")) << failed.what();
    EXPECT_LT(watch.seconds(), 5);
}

TEST_F(RunScript, CancelledBeforeItBegins) {
    context_.stop.request_stop();
    EXPECT_EQ(error("#!/bin/sh\nexec sleep 600\n").kind(), ErrorKind::cancelled);
}

}  // namespace
}  // namespace onemarket
