// SPDX-License-Identifier: Apache-2.0
#include "daemon/state_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/backends/helpers.h"

namespace onemarket {
namespace {

using testing::HasSubstr;

TEST(StateFolder, OneHasTheLock) {
    const test::TempDir dir;
    const std::string path = dir / "onemarketd";
    StateFolder second(path);
    {
        StateFolder first(path);
        EXPECT_TRUE(first.lock());
        EXPECT_TRUE(first.lock()) << "it has it already";
        EXPECT_FALSE(second.lock());
        EXPECT_EQ("another onemarketd (pid " + std::to_string(::getpid()) + ") works in " + path,
                  second.obstacle());
    }
    EXPECT_TRUE(second.taken());
    EXPECT_TRUE(second.lock());
    EXPECT_FALSE(second.taken());
    EXPECT_EQ(second.obstacle(), "");
    EXPECT_EQ(test::mode_of(path), 0700U);
}

TEST(StateFolder, OneThatWasRemovedIsLockedAnew) {
    const test::TempDir dir;
    const std::string path = dir / "onemarketd";
    StateFolder first(path);
    EXPECT_FALSE(first.lose_if_gone()) << "it has none";
    ASSERT_TRUE(first.lock());
    EXPECT_FALSE(first.lose_if_gone());
    std::filesystem::remove_all(path);
    EXPECT_TRUE(first.lose_if_gone());
    EXPECT_THAT(first.obstacle(), HasSubstr("somebody has removed it"));
    EXPECT_TRUE(first.lock());
    EXPECT_FALSE(first.lose_if_gone());
    std::filesystem::rename(path, dir / "away");
    StateFolder second(path);
    ASSERT_TRUE(second.lock());
    EXPECT_TRUE(first.lose_if_gone());
    EXPECT_FALSE(first.lock()) << "another one has the new one";
}

// A child that outlives the driver must not keep the next one out.
TEST(StateFolder, ChildrenDoNotHaveIt) {
    const test::TempDir dir;
    const std::string path = dir / "onemarketd";
    auto first = std::make_unique<StateFolder>(path);
    ASSERT_TRUE(first->lock());
    const pid_t child = ::fork();
    if (child == 0) ::execlp("sleep", "sleep", "600", nullptr);
    // Until it has become another program it shares the lock.
    EXPECT_TRUE(test::eventually(
        [&] { return test::read_file("/proc/" + std::to_string(child) + "/comm") == "sleep\n"; }));
    first.reset();
    EXPECT_TRUE(StateFolder(path).lock());
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
}

TEST(StateFolder, WhatCannotBeUsedIsSaid) {
    const test::TempDir dir;
    StateFolder missing(dir / "no/such");
    EXPECT_FALSE(missing.lock());
    EXPECT_FALSE(missing.taken());
    EXPECT_THAT(missing.obstacle(), HasSubstr("No such file or directory"));

    test::write_file(dir / "file", "");
    StateFolder file(dir / "file");
    EXPECT_FALSE(file.lock());
    EXPECT_THAT(file.obstacle(), HasSubstr("Not a directory"));

    std::filesystem::create_directory(dir / "state");
    std::filesystem::create_symlink("/etc/passwd", dir / "state/lock");
    StateFolder link(dir / "state");
    EXPECT_FALSE(link.lock());
}

}  // namespace
}  // namespace onemarket
