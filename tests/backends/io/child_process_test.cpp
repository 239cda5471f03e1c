// SPDX-License-Identifier: Apache-2.0
// What the child finds, and what cannot be run, is looked at in subprocess_test.cpp.
#include "backends/io/child_process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <vector>

#include "tests/backends/helpers.h"

namespace onemarket {
namespace {

using test::error_of;

const std::vector<std::string> kEnvironment = {"PATH=/usr/local/bin:/usr/bin:/bin"};

ChildProcess start(const std::vector<std::string>& argv) {
    test::flush_stdio();
    return start_child(argv, kEnvironment, "/");
}

// Reaps it; its status as waitpid(2) gives it.
int status_of(const ChildProcess& child) {
    int status = -1;
    EXPECT_EQ(::waitpid(child.pid, &status, 0), child.pid);
    return status;
}

// What it says until the end of `fd`.
std::string read_to_end(const UniqueFd& fd) {
    std::string text;
    std::string buffer(4096, '\0');
    while (true) {
        pollfd ready{fd.get(), POLLIN, 0};
        ::poll(&ready, 1, -1);
        const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
        if (got <= 0) return text;
        text.append(buffer, 0, static_cast<size_t>(got));
    }
}

TEST(ChildProcess, HasOurEndsOfItsThreeStreams) {
    ChildProcess child = start({"sh", "-c", "cat; echo err >&2; exit 3"});
    ASSERT_GT(child.pid, 0);
    ASSERT_EQ(::write(child.in.get(), "in", 2), 2);
    child.in.reset();
    EXPECT_EQ(read_to_end(child.out), "in");
    EXPECT_EQ(read_to_end(child.err), "err\n");
    const int status = status_of(child);
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 3);
}

TEST(ChildProcess, OurEndsDoNotBlockAndAreNotInherited) {
    const ChildProcess child = start({"sleep", "600"});
    for (const UniqueFd* fd : {&child.in, &child.out, &child.err}) {
        EXPECT_NE(::fcntl(fd->get(), F_GETFL) & O_NONBLOCK, 0);
        EXPECT_NE(::fcntl(fd->get(), F_GETFD) & FD_CLOEXEC, 0);
    }
    // Its own ends are its own: they block, as programs expect.
    const std::string info = test::read_file("/proc/" + std::to_string(child.pid) + "/fdinfo/0");
    const size_t flags = info.find("flags:\t");
    ASSERT_NE(flags, std::string::npos);
    EXPECT_EQ(std::stoi(info.substr(flags + 7), nullptr, 8) & O_NONBLOCK, 0) << info;
    ::kill(child.pid, SIGKILL);
    status_of(child);
}

TEST(ChildProcess, IsTheProgramAndLeadsItsGroupOnReturn) {
    const ChildProcess child = start({"sleep", "600"});
    EXPECT_EQ(test::read_file("/proc/" + std::to_string(child.pid) + "/comm"), "sleep\n");
    EXPECT_EQ(::getpgid(child.pid), child.pid);
    EXPECT_EQ(::kill(-child.pid, SIGTERM), 0);
    const int status = status_of(child);
    EXPECT_TRUE(WIFSIGNALED(status));
}

TEST(ChildProcess, FailedStartLeavesNothing) {
    const test::TempDir dir;
    test::write_file(dir / "text", "x");
    test::write_script(dir / "interpreter", "#!/no/such/interpreter\n");
    const size_t before = test::list("/proc/self/fd").size();
    for (const std::string& path :
         {dir / "missing", dir / "text", dir / "interpreter", std::string("no-such-tool")})
        error_of([&] { start({path}); });
    error_of([&] { start_child({"/bin/true"}, kEnvironment, dir / "missing"); });
    EXPECT_EQ(test::list("/proc/self/fd").size(), before);
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a zombie is left";
}

TEST(ChildProcess, ScriptWithoutShebangIsOneChild) {
    const test::TempDir dir;
    test::write_script(dir / "script", "echo \"$0 $1\"\n");
    const ChildProcess child = start({dir / "script", "argument"});
    EXPECT_EQ(read_to_end(child.out), dir / "script" + " argument\n");
    EXPECT_EQ(status_of(child), 0);
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a zombie is left";
}

}  // namespace
}  // namespace onemarket
