// SPDX-License-Identifier: Apache-2.0
#include "daemon/downloader/destination.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <future>

#include "tests/backends/helpers.h"

namespace onemarket {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using test::read_file;
using test::write_file;
using testing::ElementsAre;
using testing::IsEmpty;

class DestinationTest : public testing::Test {
  protected:
    std::string fifo() {
        const std::string path = dir_ / "fifo";
        EXPECT_EQ(::mkfifo(path.c_str(), 0600), 0);
        return path;
    }
    static void write(Sink& sink, const std::string& text) {
        sink.write(std::as_bytes(std::span(text)));
    }
    static mode_t mode(const std::string& path) {
        struct stat status {};
        EXPECT_EQ(::stat(path.c_str(), &status), 0);
        return status.st_mode & 07777;
    }

    test::TempDir dir_;
    test::RecordingLog log_;
    const std::string path_ = dir_ / "image";
    test::Ignored pipe_signal_{SIGPIPE};
};

TEST_F(DestinationTest, WhatTakesBytesAsTheyCome) {
    write_file(path_, "");
    EXPECT_TRUE(is_stream("-"));
    EXPECT_TRUE(is_stream("/dev/null"));
    EXPECT_TRUE(is_stream(fifo()));
    fs::create_symlink("fifo", dir_ / "link");
    EXPECT_TRUE(is_stream(dir_ / "link"));
    EXPECT_FALSE(is_stream(path_));
    EXPECT_FALSE(is_stream(dir_.path()));
    EXPECT_FALSE(is_stream(dir_ / "missing"));
    EXPECT_FALSE(is_stream(""));
}

// ---- StreamSink ----

TEST_F(DestinationTest, AStreamHasItsHolesAsZeros) {
    const std::string path = fifo(), text = test::noise(300'000);
    auto got = std::async(std::launch::async, [&] { return read_file(path); });
    {
        StreamSink sink(path);
        write(sink, text);
        sink.skip(200'000);
        sink.skip(0);
        write(sink, "end");
    }
    EXPECT_TRUE(got.get() == text + std::string(200'000, '\0') + "end");
}

TEST_F(DestinationTest, StdoutIsLeftOpen) {
    std::fflush(stdout);
    const UniqueFd before(::dup(STDOUT_FILENO));
    {
        const UniqueFd file(::open(path_.c_str(), O_WRONLY | O_CREAT, 0600));
        ASSERT_GE(::dup2(file.get(), STDOUT_FILENO), 0);
    }
    {
        StreamSink sink("-");
        write(sink, "content");
    }
    const ssize_t more = ::write(STDOUT_FILENO, "+", 1);
    ::dup2(before.get(), STDOUT_FILENO);
    EXPECT_EQ(more, 1);
    EXPECT_EQ(read_file(path_), "content+");
}

TEST_F(DestinationTest, NobodyReadsAnyMore) {
    const std::string path = fifo();
    UniqueFd reader(::open(path.c_str(), O_RDONLY | O_NONBLOCK));
    StreamSink sink(path);
    reader.reset();
    const Error error = error_of([&] { write(sink, "content"); });
    EXPECT_EQ(error.what(), path + ": Broken pipe");
}

TEST_F(DestinationTest, ADeviceThatIsFull) {
    StreamSink sink("/dev/full");
    EXPECT_EQ(error_of([&] { write(sink, "content"); }).kind(), ErrorKind::no_space);
    EXPECT_EQ(error_of([&] { sink.skip(1); }).kind(), ErrorKind::no_space);
}

// ---- NewFile ----

// In a folder of somebody else's: no link is followed, whenever it comes.
TEST_F(DestinationTest, NewFileLikeAnother) {
    write_file(dir_ / "model", "model");
    write_file(dir_ / "theirs", "theirs");
    fs::permissions(dir_ / "model", fs::perms(0751));
    fs::permissions(dir_ / "theirs", fs::perms(0600));
    const auto plant = [&] { fs::create_symlink("theirs", path_); };
    for (const bool early : {true, false}) {
        if (early) plant();
        NewFile file = NewFile::like(dir_ / "model", path_);
        write(file.sink(), "ours");
        if (!early) plant();
        file.publish();
        EXPECT_FALSE(fs::is_symlink(path_));
        EXPECT_EQ(read_file(path_), "ours");
        EXPECT_EQ(mode(path_), 0751U);
        fs::remove(path_);
    }
    fs::create_directory_symlink(dir_.path(), path_);
    NewFile::like(dir_ / "model", path_).publish();
    EXPECT_EQ(read_file(path_), "");
    EXPECT_EQ(read_file(dir_ / "theirs"), "theirs");
    EXPECT_EQ(mode(dir_ / "theirs"), 0600U);
}

TEST_F(DestinationTest, AFileIsThereWhenItIsWhole) {
    NewFile file(path_);
    write(file.sink(), "content");
    file.sink().skip(1'000'000);
    EXPECT_FALSE(fs::exists(path_));
    file.publish();
    EXPECT_TRUE(read_file(path_) == "content" + std::string(1'000'000, '\0'));
    EXPECT_THAT(test::list(dir_.path()), ElementsAre("image"));
}

TEST_F(DestinationTest, WithoutPublishNothingIsLeft) {
    {
        NewFile file(path_);
        write(file.sink(), "content");
    }
    EXPECT_THAT(test::list(dir_.path()), IsEmpty());
}

TEST_F(DestinationTest, WhatWasThereStaysUntilThen) {
    write_file(path_, "old");
    { NewFile file(path_); }
    EXPECT_EQ(read_file(path_), "old");
    NewFile file(path_);
    write(file.sink(), "new");
    EXPECT_EQ(read_file(path_), "old");
    file.publish();
    EXPECT_EQ(read_file(path_), "new");
    EXPECT_THAT(test::list(dir_.path()), ElementsAre("image"));
}

TEST_F(DestinationTest, RightsAreThoseOfARedirection) {
    const mode_t before = ::umask(027);
    NewFile(path_).publish();
    ::umask(before);
    EXPECT_EQ(mode(path_), 0640U);
    fs::permissions(path_, fs::perms(0604));
    NewFile(path_).publish();
    EXPECT_EQ(mode(path_), 0604U);
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

TEST_F(DestinationTest, AclAndAttributesStay) {
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
    EXPECT_EQ(mode(path_), 0640U);
}

TEST_F(DestinationTest, WhatAKillHasLeftBesideItGoes) {
    write_file(path_ + ".new", "left");
    {
        NewFile file(path_, ".new");
        EXPECT_THAT(test::list(dir_.path()), IsEmpty());
        write(file.sink(), "new");
        file.publish();
    }
    EXPECT_THAT(test::list(dir_.path()), ElementsAre("image"));
}

TEST_F(DestinationTest, ALinkIsFollowed) {
    fs::create_directories(dir_ / "other");
    write_file(dir_ / "other/file", "old");
    fs::create_symlink("other/file", path_);
    NewFile file(path_);
    write(file.sink(), "new");
    file.publish();
    EXPECT_TRUE(fs::is_symlink(path_));
    EXPECT_EQ(read_file(dir_ / "other/file"), "new");
    EXPECT_THAT(test::list(dir_ / "other"), ElementsAre("file"));
}

// As a redirection makes the file it names.
TEST_F(DestinationTest, SoIsOneThatLeadsToNothingYet) {
    fs::create_directories(dir_ / "other");
    fs::create_symlink("other/file", path_);
    NewFile file(path_);
    write(file.sink(), "new");
    file.publish();
    EXPECT_TRUE(fs::is_symlink(path_));
    EXPECT_EQ(read_file(dir_ / "other/file"), "new");
}

TEST_F(DestinationTest, NamesWithoutAFolder) {
    const fs::path before = fs::current_path();
    fs::current_path(dir_.path());
    NewFile("name").publish();
    NewFolder("folder", log_).publish();
    fs::current_path(before);
    EXPECT_THAT(test::list(dir_.path()), ElementsAre("folder", "name"));
}

TEST_F(DestinationTest, APlaceThatCannotBe) {
    const Error missing = error_of([&] { NewFile file(dir_ / "no/image"); });
    EXPECT_EQ(missing.kind(), ErrorKind::not_found);
    EXPECT_EQ(missing.what(), "folder " + dir_ / "no" + ": No such file or directory");
    EXPECT_EQ(error_of([&] { NewFile file(dir_.path()); }).what(),
              dir_.path().string() + ": Is a directory");
    write_file(path_, "old");
    EXPECT_THROW(NewFile file(path_ + "/below"), Error);
    EXPECT_THROW(NewFolder folder(path_ + "/below", log_), Error);
}

// Where it is free it gets its name by one step, so that a kill finds no other one.
TEST_F(DestinationTest, ANewNameIsTheOnlyOne) {
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

TEST_F(DestinationTest, ANameThatIsTooLongIsKnownAtOnce) {
    const std::string most(255, 'n');
    NewFile(dir_ / most).publish();
    EXPECT_THAT(error_of([&] { NewFile file(dir_ / (most + "n")); }).what(),
                testing::EndsWith("n: File name too long"));
    EXPECT_THAT(error_of([&] { NewFolder folder(dir_ / (most + "n"), log_); }).what(),
                testing::EndsWith("n: File name too long"));
    EXPECT_THAT(test::list(dir_.path()), ElementsAre(most));
}

// ---- NewFolder ----

TEST_F(DestinationTest, AFolderIsThereWhenItIsWhole) {
    for (const char* slash : {"", "/"}) {
        const std::string path = dir_ / "folder";
        const mode_t before = ::umask(027);
        NewFolder folder(path + slash, log_);
        ::umask(before);
        write_file(folder.temporary() + "/a/b", "content");
        EXPECT_FALSE(fs::exists(path));
        folder.publish();
        EXPECT_EQ(read_file(path + "/a/b"), "content");
        EXPECT_EQ(mode(path), 0750U);
        EXPECT_THAT(test::list(dir_.path()), ElementsAre("folder"));
        fs::remove_all(path);
    }
}

TEST_F(DestinationTest, OfAFolderTooNothingIsLeft) {
    {
        NewFolder folder(dir_ / "folder", log_);
        write_file(folder.temporary() + "/a/b", "content");
    }
    EXPECT_THAT(test::list(dir_.path()), IsEmpty());
}

TEST_F(DestinationTest, APlaceThatIsTaken) {
    fs::create_directories(dir_ / "folder");
    {
        NewFolder folder(dir_ / "folder", log_);
        write_file(folder.temporary() + "/new", "new");
        write_file(dir_ / "folder/old", "old");
        EXPECT_THROW(folder.publish(), Error);
    }
    EXPECT_THAT(test::list(dir_.path()), ElementsAre("folder"));
    EXPECT_THAT(test::list(dir_ / "folder"), ElementsAre("old"));
    // Was it before, nothing is begun.
    EXPECT_EQ(error_of([&] { NewFolder folder(dir_ / "folder", log_); }).what(),
              dir_ / "folder" + ": Directory not empty");
    write_file(path_, "file");
    EXPECT_EQ(error_of([&] { NewFolder folder(path_, log_); }).what(), path_ + ": Not a directory");
    EXPECT_EQ(read_file(path_), "file");
}

}  // namespace
}  // namespace onemarket
