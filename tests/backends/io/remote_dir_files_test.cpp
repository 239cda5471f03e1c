// SPDX-License-Identifier: Apache-2.0
// The folder's other half is bridge.sh, which runs on this host here.
#include "backends/io/remote_dir.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <map>

#include "backends/io/unique_fd.h"
#include "tests/backends/helpers.h"

namespace onemarket {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using test::list;
using test::read_file;
using test::write_file;
using Names = std::vector<std::string>;

class RemoteDirFilesTest : public testing::Test {
  protected:
    RemoteDirFilesTest() {
        fs::create_directory(path_);
        write_file(outside_, "precious");
        settings_.environment = {"PATH=/usr/bin:/bin"};
        settings_.directory = "/";
        dir_ = std::make_unique<RemoteDir>(settings_, Bridge::here(settings_, context_), path_,
                                           context_);
    }

    Names names() const { return list(path_); }

    test::Ignored pipe_signal_{SIGPIPE};
    test::TempDir temp_;
    std::string path_ = temp_ / "public $(touch run) \"x\"";
    std::string outside_ = temp_ / "outside";
    test::TestContext context_;
    SshSettings settings_;
    std::unique_ptr<RemoteDir> dir_;
};

TEST_F(RemoteDirFilesTest, PutsALineInThePlaceOfAnother) {
    for (const std::string line : {"{\"one\": 1}", "'quotes' \"x\" \\n %s $(touch run) `x`", ""}) {
        dir_->put(5, "app.json", line);
        EXPECT_EQ(read_file(path_ + "/app.json"), line + "\n");
        EXPECT_EQ(names(), Names{"app.json"});
    }
    struct stat status {};
    ASSERT_EQ(::stat((path_ + "/app.json").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0644U);
    fs::create_directory(path_ + "/folder");
    error_of([&] { dir_->put(5, "folder", "x"); });
    EXPECT_EQ(names(), (Names{"app.json", "folder"})) << "no temporary stays";
    EXPECT_EQ(error_of([&] { dir_->put(5, "../outside", "x"); }).kind(), ErrorKind::internal);
}

TEST_F(RemoteDirFilesTest, PutReplacesALinkAndNotWhatItMeans) {
    fs::create_symlink(outside_, path_ + "/app.json");
    dir_->put(5, "app.json", "x");
    EXPECT_EQ(read_file(outside_), "precious");
    EXPECT_EQ(read_file(path_ + "/app.json"), "x\n");
}

TEST_F(RemoteDirFilesTest, PutGoesBesideAFileOnItsWay) {
    const auto file = dir_->create(5);
    test::write_text(*file, "content");
    dir_->put(5, "app.json", "x");
    EXPECT_EQ(names().size(), 2U);
    file->publish("app");
    EXPECT_EQ(names(), (Names{"app", "app.json"}));
    EXPECT_EQ(read_file(path_ + "/app"), "content");
}

TEST_F(RemoteDirFilesTest, HeadIsTheBegin) {
    write_file(path_ + "/app", "content");
    EXPECT_EQ(dir_->head("app", 3), "con");
    EXPECT_EQ(dir_->head("app", 300), "content");
    EXPECT_EQ(error_of([&] { dir_->head("nothing", 3); }).kind(), ErrorKind::not_found);
    // What follows is not in the middle of something.
    write_file(path_ + "/large", test::noise(1 << 20));
    EXPECT_EQ(dir_->head("large", 65'537).size(), 65'537U);
    EXPECT_EQ(dir_->head("app", 300), "content");
}

// A clock of nanoseconds ends in 2262: what is told by its age would be old behind that.
TEST_F(RemoteDirFilesTest, AFileOfTheFutureIsNotOld) {
    write_file(path_ + "/app", "content");
    const timespec year_2350[] = {{12'000'000'000, 0}, {12'000'000'000, 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, (path_ + "/app").c_str(), year_2350, 0), 0);
    EXPECT_GT(dir_->list().at(0).changed, std::chrono::system_clock::now());
}

TEST_F(RemoteDirFilesTest, ListsRegularFilesAlone) {
    EXPECT_TRUE(dir_->list().empty());
    write_file(path_ + "/app", "content");
    write_file(path_ + "/.hidden file", "x");
    write_file(path_ + "/ ", "");
    write_file(path_ + "/  two  blanks ", "");
    write_file(path_ + "/caf\xc3\xa9 '\"\\", "");
    write_file(path_ + "/two\nlines", "x");
    fs::create_directory(path_ + "/folder");
    write_file(path_ + "/folder/file", "x");
    fs::create_symlink(outside_, path_ + "/link");
    ASSERT_EQ(::mkfifo((path_ + "/fifo").c_str(), 0600), 0);
    fs::last_write_time(path_ + "/ ", fs::file_time_type::clock::now() - std::chrono::hours(50));
    std::map<std::string, uint64_t> found;
    for (const Folder::Entry& entry : dir_->list()) {
        found[entry.name] = entry.bytes;
        const auto age = std::chrono::system_clock::now() - entry.changed;
        if (entry.name == " ")
            EXPECT_GT(age, std::chrono::hours(49));
        else
            EXPECT_LT(age, std::chrono::minutes(5));
    }
    EXPECT_EQ(found, (std::map<std::string, uint64_t>{{"app", 7},
                                                      {".hidden file", 1},
                                                      {" ", 0},
                                                      {"  two  blanks ", 0},
                                                      {"caf\xc3\xa9 '\"\\", 0}}));
    EXPECT_FALSE(fs::exists(path_ + "/run"));
}

// One reply could not hold it.
TEST_F(RemoteDirFilesTest, ListsManyFiles) {
    for (int i = 0; i < 6'000; ++i)
        write_file(path_ + "/marketapp-" + std::to_string(i) + "-0123456789abcdef-and-more", "");
    EXPECT_EQ(dir_->list().size(), 6'000U);
    EXPECT_EQ(dir_->list().size(), 6'000U) << "and the conversation goes on";
}

TEST_F(RemoteDirFilesTest, TemporariesThatAreHeldStay) {
    const std::string name = ".onemarketd-5-0123456789abcdef";
    EXPECT_EQ(error_of([&] { dir_->remove_temporary(name); }).kind(), ErrorKind::not_found);
    write_file(path_ + "/" + name, "half");
    {
        const UniqueFd lock(::open((path_ + "/" + name).c_str(), O_RDONLY | O_CLOEXEC));
        ASSERT_EQ(::flock(lock.get(), LOCK_EX), 0);
        EXPECT_TRUE(dir_->is_held(name));
        EXPECT_EQ(error_of([&] { dir_->remove_temporary(name); }).kind(), ErrorKind::unavailable);
        EXPECT_EQ(names(), Names{name});
    }
    EXPECT_FALSE(dir_->is_held(name));
    dir_->remove_temporary(name);
    EXPECT_EQ(names(), Names{});
    for (const char* other : {"app", "../outside", ".onemarketd-5-", ".", ""})
        EXPECT_EQ(error_of([&] { dir_->remove_temporary(other); }).kind(), ErrorKind::bad_request);
}

}  // namespace
}  // namespace onemarket
