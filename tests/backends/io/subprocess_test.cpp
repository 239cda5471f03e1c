// SPDX-License-Identifier: Apache-2.0
#include "backends/io/subprocess.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <regex>
#include <string>
#include <thread>
#include <vector>

#include "backends/io/unique_fd.h"
#include "protocol/ascii.h"
#include "tests/backends/helpers.h"

namespace onemarket {
namespace {

using std::chrono::seconds;
using test::error_of;
using test::eventually;
using test::is_dead;
using test::noise;
using test::Stopwatch;
using test::TempDir;
using test::TestContext;
using test::write_file;
using test::write_script;

using Lines = std::vector<std::string>;

const std::string kPath = "PATH=/usr/local/bin:/usr/bin:/bin";

Command command(std::vector<std::string> argv) {
    Command result;
    result.argv = std::move(argv);
    result.environment = {kPath, "LC_ALL=C"};
    result.directory = "/";
    return result;
}

Command shell(const std::string& script) {
    return command({"/bin/sh", "-c", script});
}

Lines lines_of(const std::string& text) {
    Lines lines;
    for (const std::string_view line : ascii::split(text, "\n")) lines.emplace_back(line);
    return lines;
}

size_t open_descriptors() {
    return test::list("/proc/self/fd").size();
}

bool has_children() {
    siginfo_t info{};
    return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

class SubprocessTest : public testing::Test {
  protected:
    SubprocessTest() { test::flush_stdio(); }

    // Runs it in a context nobody stops.
    Finished finish(Command what) { return run(std::move(what), context_); }
    std::string output(Command what) {
        const Finished finished = finish(std::move(what));
        EXPECT_TRUE(finished.status.success()) << to_string(finished.status);
        return finished.output;
    }

    // Reads until the child has said a whole line: then it is known to be at work.
    std::string first_line(Subprocess& process) {
        std::string line;
        std::array<std::byte, 1> one{};
        while (process.read(one, context_) > 0 && one[0] != std::byte{'\n'})
            line += static_cast<char>(one[0]);
        return line;
    }
    pid_t first_pid(Subprocess& process) { return std::stoi(first_line(process)); }

    test::Ignored pipe_signal_{SIGPIPE};  // as the driver does
    TempDir dir_;
    TestContext context_;
};

// --- What the child finds ---

TEST_F(SubprocessTest, ChildHasDescriptors0To2Only) {
    // Open in this process, and not closed by exec.
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    const UniqueFd read_end(ends[0]);
    const UniqueFd write_end(ends[1]);
    const UniqueFd high(::fcntl(ends[0], F_DUPFD, 700));
    ASSERT_TRUE(high);
    // `ls` adds the folder it lists.
    for (const std::string& line : lines_of(output(command({"ls", "-l", "/proc/self/fd"})))) {
        if (line.starts_with("total")) continue;
        const bool standard = line.find(" 0 -> pipe:") != std::string::npos ||
                              line.find(" 1 -> pipe:") != std::string::npos ||
                              line.find(" 2 -> pipe:") != std::string::npos;
        const bool its_own = line.find(" 3 -> /proc/") != std::string::npos;
        EXPECT_TRUE(standard || its_own) << line;
    }
}

TEST_F(SubprocessTest, ChildHasDefaultSignalsAndNoneBlocked) {
    sigset_t blocked;
    sigset_t before;
    sigfillset(&blocked);
    sigdelset(&blocked, SIGABRT);
    ASSERT_EQ(::pthread_sigmask(SIG_BLOCK, &blocked, &before), 0);
    const test::Ignored usr1(SIGUSR1);
    const test::Ignored hup(SIGHUP);
    const std::string text = output(command({"cat", "/proc/self/status"}));
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    // 32 and 33 are the C library's own: it lets nobody change what an ancestor has done with them.
    for (const char* what : {"SigBlk:\t0{16}\n", "SigIgn:\t0{7}[01][08]0{7}\n", "SigCgt:\t0{16}\n"})
        EXPECT_TRUE(std::regex_search(text, std::regex(what))) << text;
}

// The proof: a writer whose reader leaves is killed, as in any shell.
TEST_F(SubprocessTest, ChildDiesOfSigpipe) {
    EXPECT_EQ(output(shell("(yes; echo $? >&2) 2>/dev/null | head -n 1; echo done")), "y\ndone\n");
    const Finished finished = finish(shell("kill -PIPE $$; echo lived"));
    EXPECT_EQ(finished.status.signal, SIGPIPE);
}

TEST_F(SubprocessTest, EnvironmentIsExactlyAsGiven) {
    ASSERT_EQ(::setenv("ONEMARKET_TEST_LEAK", "1", 1), 0);
    Command env = command({"/usr/bin/env"});
    env.environment = {kPath, "EMPTY=", "EQUALS=a=b=", "ODD=a b\t$(x)'\"\\;caf\xc3\xa9", "ONE=1"};
    Lines lines = lines_of(output(env));
    ::unsetenv("ONEMARKET_TEST_LEAK");
    std::sort(lines.begin(), lines.end());
    Lines expected = env.environment;
    std::sort(expected.begin(), expected.end());
    EXPECT_EQ(lines, expected);
}

TEST_F(SubprocessTest, NoEnvironmentAtAll) {
    Command env = command({"/usr/bin/env"});
    env.environment.clear();
    EXPECT_EQ(output(env), "");
}

TEST_F(SubprocessTest, ArgumentsArePassedAsTheyAre) {
    const Lines odd = {"",  " ",  "a b",  "$(x)",        "`x`", "'\"\\",
                       "*", "-n", "a\nb", "caf\xc3\xa9", "\xff"};
    Lines argv = {"/bin/sh", "-c", "printf '[%s]' \"$@\"", "sh"};
    argv.insert(argv.end(), odd.begin(), odd.end());
    std::string expected;
    for (const std::string& argument : odd) expected += "[" + argument + "]";
    EXPECT_EQ(output(command(argv)), expected);
}

TEST_F(SubprocessTest, WorkingFolder) {
    const std::string folder = std::filesystem::canonical(dir_.path()).string();
    std::filesystem::create_directory(folder + "/odd $(x) 'name");
    Command pwd = command({"/bin/pwd"});
    pwd.directory = folder + "/odd $(x) 'name";
    EXPECT_EQ(output(pwd), pwd.directory + "\n");
}

TEST_F(SubprocessTest, WorkingFolderThatIsMissing) {
    Command pwd = shell("touch '" + dir_ / "ran" + "'");
    pwd.directory = dir_ / "missing";
    EXPECT_EQ(error_of([&] { finish(pwd); }).kind(), ErrorKind::not_found);
    EXPECT_FALSE(std::filesystem::exists(dir_ / "ran"));
}

TEST_F(SubprocessTest, ChildLeadsAProcessGroup) {
    const Lines words = lines_of(output(shell("echo $$; cut -d ' ' -f 5 /proc/$$/stat")));
    ASSERT_EQ(words.size(), 2U);
    EXPECT_EQ(words[0], words[1]);
    EXPECT_NE(words[0], std::to_string(::getpgrp()));
}

TEST_F(SubprocessTest, ChildDiesWithTheThreadThatStartedIt) {
    std::optional<Subprocess> process;
    std::thread([&] { process.emplace(command({"sleep", "600"})); }).join();
    TestContext limited(5, {seconds(20), false});
    EXPECT_EQ(process->wait(limited).signal, SIGKILL);
}

// --- Finding and starting it ---

TEST_F(SubprocessTest, NamesAreLookedForInThePathGiven) {
    write_script(dir_ / "first/tool", "#!/bin/sh\necho first\n");
    write_script(dir_ / "second/tool", "#!/bin/sh\necho second\n");
    write_file(dir_ / "text/tool", "not to be run");
    Command tool = command({"tool"});
    tool.environment = {"PATH=" + dir_ / "none" + ":" + dir_ / "text" + ":" + dir_ / "second" +
                        ":" + dir_ / "first"};
    EXPECT_EQ(output(tool), "second\n");
}

TEST_F(SubprocessTest, FolderOfThatNameInThePathIsNoProgram) {
    std::filesystem::create_directories(dir_ / "folders/tool");
    write_script(dir_ / "first/tool", "#!/bin/sh\necho first\n");
    Command tool = command({"tool"});
    tool.environment = {"PATH=" + dir_ / "folders" + ":" + dir_ / "first"};
    EXPECT_EQ(output(tool), "first\n");
}

TEST_F(SubprocessTest, NameThatIsNowhereInThePath) {
    const Error error = error_of([&] { finish(command({"no-such-tool"})); });
    EXPECT_EQ(error.kind(), ErrorKind::not_found);
    EXPECT_STREQ(error.what(), "no-such-tool: not found in PATH");
    Command without = command({"ls"});
    without.environment.clear();
    EXPECT_EQ(error_of([&] { finish(without); }).kind(), ErrorKind::not_found);
}

TEST_F(SubprocessTest, WhatCannotBeRunIsNamedWithTheReason) {
    write_file(dir_ / "text", "#!/bin/sh\n");
    write_script(dir_ / "interpreter", "#!/no/such/interpreter\n");
    struct Case {
        std::string path;
        ErrorKind kind;
        const char* reason;
    };
    const std::vector<Case> cases = {
        {dir_ / "missing", ErrorKind::not_found, "No such file or directory"},
        {dir_ / "text", ErrorKind::permission, "Permission denied"},
        {dir_ / "text/below", ErrorKind::not_found, "Not a directory"},
        {dir_.path().string(), ErrorKind::permission, "Permission denied"},
        {dir_ / "interpreter", ErrorKind::not_found, "No such file or directory"},
    };
    for (const auto& c : cases) {
        const Error error = error_of([&] { finish(command({c.path, "argument"})); });
        EXPECT_EQ(error.kind(), c.kind) << c.path;
        EXPECT_EQ(error.what(), c.path + ": " + c.reason);
    }
    EXPECT_FALSE(has_children()) << "a zombie is left";
}

TEST_F(SubprocessTest, ScriptWithoutShebangIsRunBySh) {
    write_script(dir_ / "odd $name", "echo \"$0 $# $1\"\ncat\nexit 3\n");
    Command script = command({dir_ / "odd $name", "an argument"});
    script.input = "input";
    const Finished finished = finish(script);
    EXPECT_EQ(finished.output, dir_ / "odd $name" + " 1 an argument\ninput");
    EXPECT_EQ(finished.status.code, 3);
}

TEST_F(SubprocessTest, ArgumentThatIsTooLong) {
    const Error error = error_of([&] {
        finish(command({"/bin/echo", std::string(200'000, 'x')}));
    });
    EXPECT_STREQ(error.what(), "/bin/echo: Argument list too long");
    EXPECT_FALSE(has_children()) << "a zombie is left";
}

// --- How it ends ---

TEST_F(SubprocessTest, ExitStatusStaysTheSame) {
    Subprocess process(shell("exit 7"));
    EXPECT_EQ(process.wait(context_).code, 7);
    EXPECT_EQ(process.wait(context_).code, 7);
}

TEST_F(SubprocessTest, ExitStatus) {
    for (const int code : {0, 1, 127, 255}) {
        const ExitStatus status = finish(shell("exit " + std::to_string(code))).status;
        EXPECT_EQ(status.code, code);
        EXPECT_EQ(status.signal, 0);
        EXPECT_EQ(status.success(), code == 0);
    }
    EXPECT_EQ(to_string(ExitStatus{3, 0}), "failed with exit status 3");
}

TEST_F(SubprocessTest, KilledByASignal) {
    for (const int number : {SIGKILL, SIGTERM, SIGSEGV}) {
        const ExitStatus status = finish(shell("kill -" + std::to_string(number) + " $$")).status;
        EXPECT_EQ(status.signal, number);
        EXPECT_FALSE(status.success());
    }
    EXPECT_EQ(to_string(ExitStatus{0, 9}), "killed by signal 9");
}

TEST_F(SubprocessTest, OutputClosedLongBeforeTheEnd) {
    EXPECT_EQ(finish(shell("echo said; exec >&- 2>&-; sleep 0.1; exit 7")).status.code, 7);
}

TEST_F(SubprocessTest, StoppedProcessIsKilledToo) {
    Subprocess process(shell("echo $$; kill -STOP $$"));
    const pid_t pid = first_pid(process);
    context_.stop.request_stop();
    const Stopwatch watch;
    EXPECT_EQ(error_of([&] { process.wait(context_); }).kind(), ErrorKind::cancelled);
    EXPECT_LT(watch.seconds(), 5);
    EXPECT_TRUE(is_dead(pid));
}

TEST_F(SubprocessTest, DestructorEndsIt) {
    pid_t pid = 0;
    {
        Subprocess process(shell("echo $$; exec sleep 600"));
        pid = first_pid(process);
        EXPECT_FALSE(is_dead(pid));
        Subprocess moved(std::move(process));
    }
    EXPECT_TRUE(is_dead(pid));
    EXPECT_FALSE(has_children());
}

TEST_F(SubprocessTest, EndStaysTheEnd) {
    Subprocess process(shell("echo x; exit 3"));
    std::array<std::byte, 16> buffer{};
    EXPECT_EQ(process.read(buffer, context_), 2U);
    EXPECT_EQ(process.read(buffer, context_), 0U);
    EXPECT_EQ(process.read(buffer, context_), 0U);
    EXPECT_EQ(process.wait(context_).code, 3);
    EXPECT_EQ(process.read(buffer, context_), 0U);
}

// --- Nothing is left behind ---

TEST_F(SubprocessTest, TwoHundredFromFourThreads) {
    write_script(dir_ / "no-shebang", "echo out; echo err >&2; exit 3\n");
    write_script(dir_ / "interpreter", "#!/no/such/interpreter\n");
    write_file(dir_ / "text", "x");
    constexpr int kThreads = 4;
    constexpr int kEach = 50;
    const size_t before = open_descriptors();
    std::atomic<int> ran = 0;
    std::atomic<int> failed = 0;
    const auto work = [&](int thread) {
        for (int i = 0; i < kEach; ++i) {
            TestContext context;
            Command what = command({dir_ / "no-shebang"});
            switch ((i + thread) % 5) {
                case 0:
                    what = command({dir_ / "interpreter"});
                    break;
                case 1:
                    what = command({dir_ / "text"});
                    break;
                case 2:
                    what = command({dir_ / "missing"});
                    break;
                default:
                    break;
            }
            what.input = std::string(1000, 'x');
            try {
                const Finished finished = run(what, context);
                EXPECT_EQ(finished.output, "out\n");
                EXPECT_EQ(finished.status.code, 3);
                ++ran;
            } catch (const Error& error) {
                EXPECT_TRUE(std::string(error.what()).starts_with(what.argv[0] + ": "))
                    << error.what();
                ++failed;
            }
        }
    };
    std::vector<std::thread> threads;
    for (int thread = 0; thread < kThreads; ++thread) threads.emplace_back(work, thread);
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(ran, kThreads * kEach * 2 / 5);
    EXPECT_EQ(failed, kThreads * kEach * 3 / 5);
    EXPECT_EQ(open_descriptors(), before);
    EXPECT_FALSE(has_children()) << "a zombie is left";
}

TEST_F(SubprocessTest, ChildLeftBehindHoldingStdout) {
    Finished finished;
    const Stopwatch watch;
    finished = finish(shell("sleep 600 & echo $!"));
    EXPECT_LT(watch.seconds(), 3);
    EXPECT_TRUE(finished.status.success());
    const pid_t left = std::stoi(finished.output);
    EXPECT_TRUE(eventually([&] { return is_dead(left); }));
}

TEST_F(SubprocessTest, ChildLeftBehindHoldingStderrOnly) {
    std::string text;
    Command what = shell("sleep 600 >&- & echo reason >&2; echo $!; exit 1");
    what.on_stderr_line = [&](std::string_view line) { text += line; };
    const Stopwatch watch;
    const Finished finished = finish(what);
    EXPECT_LT(watch.seconds(), 3);
    EXPECT_EQ(finished.status.code, 1);
    EXPECT_EQ(text, "reason");
    EXPECT_TRUE(eventually([&] { return is_dead(std::stoi(finished.output)); }));
}

TEST_F(SubprocessTest, ChildLeftBehindThatIgnoresTermAndHup) {
    const Stopwatch watch;
    const Finished finished = finish(shell("(trap '' TERM HUP; exec sleep 600) & echo $!"));
    EXPECT_LT(watch.seconds(), 3);
    EXPECT_TRUE(eventually([&] { return is_dead(std::stoi(finished.output)); }));
}

TEST_F(SubprocessTest, OutputOfTheChildLeftBehindIsKept) {
    // Longer than a pipe holds, and the last of it comes after the process has ended.
    const Finished finished = finish(
        shell("(head -c 300000 /dev/zero | tr '\\0' x; echo; echo last; sleep 600) & exit 0"));
    EXPECT_EQ(finished.output.size(), 300'000U + 1 + 5);
    EXPECT_TRUE(finished.output.ends_with("\nlast\n"));
}

// With the 64 KiB a pipe has by default it would wait for somebody to read.
TEST_F(SubprocessTest, OutputHasRoomBeforeItIsRead) {
    const TempDir dir;
    const Subprocess process(shell("head -c 262144 /dev/zero && : > " + (dir / "done")));
    EXPECT_TRUE(eventually([&] { return std::filesystem::exists((dir / "done")); }));
}

// It never lets the pipe run dry, so only the clock can tell that half a second is over.
TEST_F(SubprocessTest, ChildLeftBehindThatNeverStopsTalking) {
    TestContext context(5, {seconds(10), false});
    Subprocess process(shell("for i in 1 2 3 4; do cat /dev/zero & done; exit 3"));
    const Stopwatch watch;
    EXPECT_EQ(process.wait(context).code, 3);
    EXPECT_LT(watch.seconds(), 3);
}

TEST_F(SubprocessTest, ChildLeftBehindThatNeverStopsTalkingToASlowReader) {
    TestContext context(5, {seconds(6), false});
    Subprocess process(shell("cat /dev/zero & exit 3"));
    std::array<std::byte, 4096> buffer{};
    const Stopwatch watch;
    // Slower than the child: whenever it looks, there is more.
    while (process.read(buffer, context) > 0)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    EXPECT_LT(watch.seconds(), 3);
}

TEST_F(SubprocessTest, KillAllReachesEveryGroup) {
    Subprocess one(shell("trap '' TERM; echo $$; while :; do sleep 600; done"));
    Subprocess two(shell("sleep 600 & echo $!; wait"));
    const pid_t one_pid = first_pid(one);
    const pid_t two_pid = first_pid(two);
    kill_all_subprocesses();
    EXPECT_EQ(one.wait(context_).signal, SIGKILL);
    EXPECT_EQ(two.wait(context_).signal, SIGKILL);
    EXPECT_TRUE(eventually([&] { return is_dead(one_pid) && is_dead(two_pid); }));
    kill_all_subprocesses();  // none is left
}

// --- Input ---

TEST_F(SubprocessTest, EmptyInputEndsAtOnce) {
    EXPECT_EQ(output(command({"cat"})), "");
}

TEST_F(SubprocessTest, LargeInputAndOutputAtOnce) {
    Command cat = command({"cat"});
    cat.input = noise(5 << 20);
    EXPECT_TRUE(output(cat) == cat.input);
}

TEST_F(SubprocessTest, LargeInputTheChildDoesNotRead) {
    for (const char* script : {"exit 3", "exec <&-; exit 3", "head -c 10 >/dev/null; exit 3"}) {
        Command what = shell(script);
        what.input = noise(5 << 20);
        EXPECT_EQ(finish(what).status.code, 3) << script;
    }
}

// --- Output ---

TEST_F(SubprocessTest, FiveMegabytesAreKept) {
    const std::string content = noise(5'000'000);
    write_file(dir_ / "content", content);
    EXPECT_TRUE(output(command({"cat", dir_ / "content"})) == content);
}

TEST_F(SubprocessTest, OutputIsCutAtItsLimit) {
    Command exactly = shell("printf 0123456789");
    exactly.max_output = 10;
    EXPECT_EQ(output(exactly), "0123456789");
    exactly.max_output = 9;
    const Error error = error_of([&] { finish(exactly); });
    EXPECT_EQ(error.kind(), ErrorKind::limit);
    EXPECT_STREQ(error.what(), "/bin/sh: answer of more than 9 bytes");
}

TEST_F(SubprocessTest, EndlessOutputIsCutAndKilled) {
    Command endless = shell("echo $$ >&2; exec yes");
    pid_t pid = 0;
    endless.on_stderr_line = [&](std::string_view line) { pid = std::stoi(std::string(line)); };
    endless.max_output = 1 << 20;
    const Stopwatch watch;
    EXPECT_EQ(error_of([&] { finish(endless); }).kind(), ErrorKind::limit);
    EXPECT_LT(watch.seconds(), 10);
    EXPECT_TRUE(pid == 0 || is_dead(pid));
    EXPECT_FALSE(has_children());
}

// --- Stderr ---

TEST_F(SubprocessTest, StderrComesInLines) {
    Lines lines;
    Command what = shell("printf 'one\\n\\n two \\r\\ncaf\\351\\nlast without end' >&2");
    what.on_stderr_line = [&](std::string_view line) { lines.emplace_back(line); };
    finish(what);
    EXPECT_EQ(lines, (Lines{"one", "", " two \r", "caf\xe9", "last without end"}));
}

TEST_F(SubprocessTest, LastWordsAreNotLost) {
    for (int i = 0; i < 20; ++i) {
        size_t lines = 0;
        Command what = shell("seq 1 2000 >&2; exit 1");
        what.on_stderr_line = [&](std::string_view) { ++lines; };
        finish(what);
        ASSERT_EQ(lines, 2000U);
    }
}

TEST_F(SubprocessTest, LineWithoutEndIsHandedOnInPieces) {
    size_t longest = 0;
    size_t total = 0;
    Command what = shell("head -c 10000000 /dev/zero | tr '\\0' x >&2");
    what.on_stderr_line = [&](std::string_view line) {
        longest = std::max(longest, line.size());
        total += line.size();
    };
    finish(what);
    EXPECT_EQ(total, 10'000'000U);
    EXPECT_LE(longest, size_t{64} << 10);
}

TEST_F(SubprocessTest, EndlessStderrEndsWithTheDeadline) {
    for (const char* script : {"exec yes >&2", "exec tr '\\0' x </dev/zero >&2"}) {
        TestContext context(5, {seconds(1), false});
        size_t longest = 0;
        Command what = shell(script);
        what.on_stderr_line = [&](std::string_view line) {
            longest = std::max(longest, line.size());
        };
        const Stopwatch watch;
        EXPECT_EQ(error_of([&] { run(what, context); }).kind(), ErrorKind::timeout);
        EXPECT_LT(watch.seconds(), 5);
        EXPECT_LE(longest, size_t{64} << 10);
    }
}

// --- Being stopped ---

TEST_F(SubprocessTest, CancelKillsGrandchildrenThatIgnoreTerm) {
    Command what = shell(
        "trap '' TERM\n"
        "sh -c 'trap \"\" TERM; echo $$ >grandchild; while :; do sleep 600; done' &\n"
        "while [ ! -s grandchild ]; do :; done\n"
        "cat grandchild; echo $$\n"
        "while :; do sleep 600; done\n");
    what.directory = dir_.path().string();
    Subprocess process(std::move(what));
    const pid_t grandchild = first_pid(process);
    const pid_t child = first_pid(process);
    context_.stop.request_stop();
    const Stopwatch watch;
    std::array<std::byte, 16> buffer{};
    const Error error = error_of([&] { process.read(buffer, context_); });
    EXPECT_EQ(error.kind(), ErrorKind::cancelled);
    EXPECT_LT(watch.seconds(), 5);
    EXPECT_TRUE(eventually([&] { return is_dead(child) && is_dead(grandchild); }));
}

TEST_F(SubprocessTest, ThatHadToBeKilledHasEnded) {
    Subprocess process(shell("trap '' TERM; echo; while :; do sleep 1; done"));
    std::array<std::byte, 10> buffer;
    process.read(buffer, context_);
    TestContext hurried(5, {std::chrono::milliseconds(1), false});
    EXPECT_EQ(error_of([&] { process.read(buffer, hurried); }).kind(), ErrorKind::timeout);
    TestContext patient(5, {seconds(10), false});
    EXPECT_EQ(to_string(process.wait(patient)), "killed by signal 9");
}

TEST_F(SubprocessTest, CancelWakesARead) {
    Subprocess process(shell("echo up; exec sleep 600"));
    first_line(process);
    const std::jthread canceller([&] { context_.stop.request_stop(); });
    const Stopwatch watch;
    EXPECT_EQ(error_of([&] { process.wait(context_); }).kind(), ErrorKind::cancelled);
    EXPECT_LT(watch.seconds(), 5);
}

TEST_F(SubprocessTest, CancelLetsAChildCleanUpFirst) {
    Command what = shell("trap 'echo cleaned >trace; exit 1' TERM; echo up; sleep 600 & wait");
    what.directory = dir_.path().string();
    Subprocess process(std::move(what));
    first_line(process);
    context_.stop.request_stop();
    EXPECT_EQ(error_of([&] { process.wait(context_); }).kind(), ErrorKind::cancelled);
    EXPECT_EQ(test::read_file(dir_ / "trace"), "cleaned\n");
}

TEST_F(SubprocessTest, DeadlineOfTheWhole) {
    TestContext context(5, {seconds(1), false});
    const Stopwatch watch;
    // Its output is no progress to this kind of deadline.
    const Error error =
        error_of([&] { run(shell("while :; do echo x; sleep 0.05; done"), context); });
    EXPECT_EQ(error.kind(), ErrorKind::timeout);
    EXPECT_STREQ(error.what(), "Timeout: not done within 1 s");
    EXPECT_GE(watch.seconds(), 1);
    EXPECT_LT(watch.seconds(), 5);
    EXPECT_FALSE(has_children());
}

TEST_F(SubprocessTest, IdleDeadlineOfOneThatIsSilent) {
    TestContext context(5, {seconds(1), true});
    const Stopwatch watch;
    const Error error = error_of([&] { run(shell("echo x; exec sleep 600"), context); });
    EXPECT_EQ(error.kind(), ErrorKind::timeout);
    EXPECT_GE(watch.seconds(), 1);
    EXPECT_LT(watch.seconds(), 5);
    EXPECT_FALSE(has_children());
}

TEST_F(SubprocessTest, IdleDeadlineSparesOneThatTalks) {
    TestContext context(5, {seconds(2), true});
    const Stopwatch watch;
    const Finished finished =
        run(shell("i=0; while [ $i -lt 24 ]; do echo x; sleep 0.1; i=$((i+1)); done"), context);
    EXPECT_EQ(finished.output.size(), 48U);
    EXPECT_GE(watch.seconds(), 2.2) << "not long enough to prove anything";
}

// A script that copies says nothing for hours.
TEST_F(SubprocessTest, IdleDeadlineSparesOneThatCopiesWithoutAWord) {
    TestContext context(5, {seconds(1), true});
    const Stopwatch watch;
    const std::string output =
        run(shell("cat /dev/zero >/dev/null & sleep 4; kill $!; echo done"), context).output;
    EXPECT_EQ(output, "done\n");
    EXPECT_GE(watch.seconds(), 3.9) << "not long enough to prove anything";
}

}  // namespace
}  // namespace onemarket
