// SPDX-License-Identifier: Apache-2.0
#include "backends/io/process_group.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <utility>

#include "backends/io/subprocess.h"
#include "tests/backends/helpers.h"

namespace onemarket {
namespace {

using test::TestContext;

constexpr uint64_t kMegabyte = 1'000'000;
const std::string kWriteMegabyte = "printf %01000000d 0 >/dev/null";

// A shell's group. The script says "up" when there is something to look at, then stays alive.
class Group {
  public:
    explicit Group(const std::string& script, const std::string& name = "sh")
        : process_(command(script, name)) {
        std::string said;
        std::array<std::byte, 1> one{};
        while (!said.ends_with("up\n") && process_.read(one, context_) > 0)
            said += static_cast<char>(one[0]);
        id_ = std::stoi(said);
    }
    pid_t id() const { return id_; }

  private:
    static Command command(const std::string& script, const std::string& name) {
        Command result;
        result.argv = {name, "-c", "echo $$; " + script};
        result.environment = {"PATH=/usr/local/bin:/usr/bin:/bin"};
        result.directory = "/";
        return result;
    }
    TestContext context_;
    Subprocess process_;
    pid_t id_ = -1;
};

TEST(ProcessGroup, CountsWhatItsLeaderWrites) {
    const Group idle("echo up; exec sleep 600");
    const Group busy(kWriteMegabyte + "; echo up; exec sleep 600");
    EXPECT_LT(group_io_bytes(idle.id()), kMegabyte);
    EXPECT_GE(group_io_bytes(busy.id()), kMegabyte);
}

TEST(ProcessGroup, CountsItsOtherProcessesToo) {
    const Group group("(" + kWriteMegabyte + "; echo up; exec sleep 600) & exec sleep 600");
    EXPECT_GE(group_io_bytes(group.id()), kMegabyte);
}

TEST(ProcessGroup, IdleGroupStaysAsItIs) {
    const Group group("echo up; exec sleep 600");
    // Until `sleep` itself has been loaded.
    uint64_t before = 0;
    ASSERT_TRUE(test::eventually([&] {
        return test::read_file("/proc/" + std::to_string(group.id()) + "/comm") == "sleep\n" &&
               std::exchange(before, group_io_bytes(group.id())) == group_io_bytes(group.id());
    }));
    EXPECT_EQ(group_io_bytes(group.id()), before);
}

TEST(ProcessGroup, WorkingGroupGoesOn) {
    const Group group("echo up; exec cat /dev/zero >/dev/null");
    const uint64_t before = group_io_bytes(group.id());
    EXPECT_TRUE(test::eventually([&] { return group_io_bytes(group.id()) > before; }));
}

// The name of a process may hold what looks like the fields behind it.
TEST(ProcessGroup, ReadsBehindOddProcessNames) {
    const test::TempDir dir;
    const std::string name = dir / "a) S 1 (b";
    std::filesystem::create_symlink("/bin/sh", name);
    // No exec: the shell keeps its odd name, and waits for its child.
    const Group group(kWriteMegabyte + "; echo up; sleep 600; :", name);
    EXPECT_GE(group_io_bytes(group.id()), kMegabyte);
}

TEST(ProcessGroup, NobodysGroupHasDoneNothing) {
    pid_t gone = -1;
    {
        const Group group(kWriteMegabyte + "; echo up; exec sleep 600");
        gone = group.id();
    }
    EXPECT_EQ(group_io_bytes(gone), 0U);
}

}  // namespace
}  // namespace onemarket
