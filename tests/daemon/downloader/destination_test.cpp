// SPDX-License-Identifier: Apache-2.0
#include "daemon/downloader/destination.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <future>

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

class DestinationTest : public testing::Test {
  protected:
    std::string fifo() {
        const std::string path = dir_ / "fifo";
        EXPECT_EQ(::mkfifo(path.c_str(), 0600), 0);
        return path;
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
        write_text(sink, text);
        sink.skip(200'000);
        sink.skip(0);
        write_text(sink, "end");
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
        write_text(sink, "content");
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
    const Error error = error_of([&] { write_text(sink, "content"); });
    EXPECT_EQ(error.what(), path + ": Broken pipe");
}

TEST_F(DestinationTest, ADeviceThatIsFull) {
    StreamSink sink("/dev/full");
    EXPECT_EQ(error_of([&] { write_text(sink, "content"); }).kind(), ErrorKind::no_space);
    EXPECT_EQ(error_of([&] { sink.skip(1); }).kind(), ErrorKind::no_space);
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
        EXPECT_EQ(test::mode_of(path), 0750U);
        EXPECT_THAT(test::list(dir_.path()), ElementsAre("folder"));
        fs::remove_all(path);
    }
}

TEST_F(DestinationTest, AFoldersNameWithoutAFolder) {
    const fs::path before = fs::current_path();
    fs::current_path(dir_.path());
    NewFolder("folder", log_).publish();
    fs::current_path(before);
    EXPECT_THAT(test::list(dir_.path()), ElementsAre("folder"));
}

TEST_F(DestinationTest, APlaceThatCannotBe) {
    write_file(path_, "old");
    EXPECT_THROW(NewFolder folder(path_ + "/below", log_), Error);
    EXPECT_THAT(error_of([&] { NewFolder folder(dir_ / std::string(256, 'n'), log_); }).what(),
                testing::EndsWith("n: File name too long"));
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
