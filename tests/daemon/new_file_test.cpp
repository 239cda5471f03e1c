// SPDX-License-Identifier: Apache-2.0
#include "daemon/new_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <array>
#include <filesystem>

#include "tests/backends/helpers.h"

namespace onemarket {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using test::read_file;
using test::write_file;
using test::write_text;
using testing::ElementsAre;
using testing::IsEmpty;

class NewFileTest : public testing::Test {
  protected:
    test::TempDir dir_;
    const std::string path_ = dir_ / "image";
};

// In a folder of somebody else's: no link is followed, whenever it comes.
TEST_F(NewFileTest, LikeAnother) {
    write_file(dir_ / "model", "model");
    write_file(dir_ / "theirs", "theirs");
    fs::permissions(dir_ / "model", fs::perms(0751));
    fs::permissions(dir_ / "theirs", fs::perms(0600));
    const auto plant = [&] { fs::create_symlink("theirs", path_); };
    for (const bool early : {true, false}) {
        if (early) plant();
        NewFile file = NewFile::like(dir_ / "model", path_);
        write_text(file.sink(), "ours");
        if (!early) plant();
        file.publish();
        EXPECT_FALSE(fs::is_symlink(path_));
        EXPECT_EQ(read_file(path_), "ours");
        EXPECT_EQ(test::mode_of(path_), 0751U);
        fs::remove(path_);
    }
    fs::create_directory_symlink(dir_.path(), path_);
    NewFile::like(dir_ / "model", path_).publish();
    EXPECT_EQ(read_file(path_), "");
    EXPECT_EQ(read_file(dir_ / "theirs"), "theirs");
    EXPECT_EQ(test::mode_of(dir_ / "theirs"), 0600U);
}

TEST_F(NewFileTest, AFileIsThereWhenItIsWhole) {
    NewFile file(path_);
    write_text(file.sink(), "content");
    file.sink().skip(1'000'000);
    EXPECT_FALSE(fs::exists(path_));
    file.publish();
    EXPECT_TRUE(read_file(path_) == "content" + std::string(1'000'000, '\0'));
    EXPECT_THAT(test::list(dir_.path()), ElementsAre("image"));
}

TEST_F(NewFileTest, WithoutPublishNothingIsLeft) {
    {
        NewFile file(path_);
        write_text(file.sink(), "content");
    }
    EXPECT_THAT(test::list(dir_.path()), IsEmpty());
}

TEST_F(NewFileTest, WhatWasThereStaysUntilThen) {
    write_file(path_, "old");
    { NewFile file(path_); }
    EXPECT_EQ(read_file(path_), "old");
    NewFile file(path_);
    write_text(file.sink(), "new");
    EXPECT_EQ(read_file(path_), "old");
    file.publish();
    EXPECT_EQ(read_file(path_), "new");
    EXPECT_THAT(test::list(dir_.path()), ElementsAre("image"));
}

TEST_F(NewFileTest, RightsAreThoseOfARedirection) {
    const mode_t before = ::umask(027);
    NewFile(path_).publish();
    ::umask(before);
    EXPECT_EQ(test::mode_of(path_), 0640U);
    fs::permissions(path_, fs::perms(0604));
    NewFile(path_).publish();
    EXPECT_EQ(test::mode_of(path_), 0604U);
}

// An ACL as the kernel has it: rw for the owner, r for user 12345, `group` for the group.
std::string acl(uint16_t group) {
    struct Entry {
        uint16_t tag, rights;
        uint32_t id;
    };
    const uint32_t version = 2, nobody = 0xffffffff;
    const std::array entries{Entry{1, 6, nobody}, Entry{2, 4, 12345}, Entry{4, group, nobody},
                             Entry{0x10, 4, nobody}, Entry{0x20, 0, nobody}};
    return std::string(reinterpret_cast<const char*>(&version), sizeof version) +
           std::string(reinterpret_cast<const char*>(entries.data()), sizeof entries);
}

std::string attribute(const std::string& path, const char* name) {
    std::array<char, 200> value;
    const ssize_t size = ::getxattr(path.c_str(), name, value.data(), value.size());
    return size < 0 ? "none" : std::string(value.data(), static_cast<size_t>(size));
}

bool set_attribute(const std::string& path, const char* name, const std::string& value) {
    return ::setxattr(path.c_str(), name, value.data(), value.size(), 0) == 0;
}

TEST_F(NewFileTest, AclAndAttributesStay) {
    write_file(path_, "old");
    if (!set_attribute(path_, "system.posix_acl_access", acl(0)) ||
        !set_attribute(path_, "user.note", "mine"))
        GTEST_SKIP() << "not of this file system";
    // What a new file of the folder has of its own.
    ASSERT_TRUE(set_attribute(dir_.path(), "system.posix_acl_default", acl(4)));
    NewFile file(path_);
    EXPECT_EQ(file.lost(), "");
    file.publish();
    EXPECT_EQ(read_file(path_), "");
    EXPECT_EQ(attribute(path_, "system.posix_acl_access"), acl(0));
    EXPECT_EQ(attribute(path_, "user.note"), "mine");
    ASSERT_EQ(::removexattr(path_.c_str(), "system.posix_acl_access"), 0);
    fs::permissions(path_, fs::perms(0640));
    NewFile(path_).publish();
    EXPECT_EQ(attribute(path_, "system.posix_acl_access"), "none");
    EXPECT_EQ(test::mode_of(path_), 0640U);
}

TEST_F(NewFileTest, WhatAKillHasLeftBesideItGoes) {
    write_file(path_ + ".new", "left");
    {
        NewFile file(path_, ".new");
        EXPECT_THAT(test::list(dir_.path()), IsEmpty());
        write_text(file.sink(), "new");
        file.publish();
    }
    EXPECT_THAT(test::list(dir_.path()), ElementsAre("image"));
}

// Where it leads to nothing yet, too: a redirection makes the file it names.
TEST_F(NewFileTest, ALinkIsFollowed) {
    fs::create_directories(dir_ / "other");
    fs::create_symlink("other/file", path_);
    for (const char* text : {"new", "newer"}) {
        NewFile file(path_);
        write_text(file.sink(), text);
        file.publish();
        EXPECT_TRUE(fs::is_symlink(path_));
        EXPECT_EQ(read_file(dir_ / "other/file"), text);
        EXPECT_THAT(test::list(dir_ / "other"), ElementsAre("file"));
    }
}

TEST_F(NewFileTest, NamesWithoutAFolder) {
    const fs::path before = fs::current_path();
    fs::current_path(dir_.path());
    NewFile("name").publish();
    fs::current_path(before);
    EXPECT_THAT(test::list(dir_.path()), ElementsAre("name"));
}

TEST_F(NewFileTest, APlaceThatCannotBe) {
    const Error missing = error_of([&] { NewFile file(dir_ / "no/image"); });
    EXPECT_EQ(missing.kind(), ErrorKind::not_found);
    EXPECT_EQ(missing.what(), "folder " + dir_ / "no" + ": No such file or directory");
    EXPECT_EQ(error_of([&] { NewFile file(dir_.path()); }).what(),
              dir_.path().string() + ": Is a directory");
    write_file(path_, "old");
    EXPECT_THROW(NewFile file(path_ + "/below"), Error);
}

// Where it is free it gets its name by one step, so that a kill finds no other one.
TEST_F(NewFileTest, ANewNameIsTheOnlyOne) {
    const UniqueFd events(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    ASSERT_GE(::inotify_add_watch(events.get(), dir_.path().c_str(), IN_CREATE | IN_MOVED_TO), 0);
    NewFile(path_).publish();
    alignas(inotify_event) std::array<char, 4096> buffer;
    const ssize_t size = ::read(events.get(), buffer.data(), buffer.size());
    ASSERT_GT(size, 0);
    const auto& first = *reinterpret_cast<const inotify_event*>(buffer.data());
    EXPECT_STREQ(first.name, "image");
    EXPECT_EQ(static_cast<size_t>(size), sizeof first + first.len);
}

TEST_F(NewFileTest, ANameThatIsTooLongIsKnownAtOnce) {
    const std::string most(255, 'n');
    NewFile(dir_ / most).publish();
    EXPECT_THAT(error_of([&] { NewFile file(dir_ / (most + "n")); }).what(),
                testing::EndsWith("n: File name too long"));
    EXPECT_THAT(test::list(dir_.path()), ElementsAre(most));
}

}  // namespace
}  // namespace onemarket
