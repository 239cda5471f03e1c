// SPDX-License-Identifier: Apache-2.0
#include "backends/io/public_dir.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/backends/helpers.h"

namespace onemarket {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using test::FullDisk;
using test::list;
using test::noise;
using test::read_file;
using test::TempDir;
using test::write_file;

using Names = std::vector<std::string>;

std::span<const std::byte> bytes(std::string_view text) {
    return std::as_bytes(std::span(text));
}

std::string temporary(ObjectId app) {
    return ".onemarketd-" + std::to_string(app) + "-";
}

// A folder of the web server, beside another one that is nobody's business.
class PublicDirTest : public testing::Test {
  protected:
    PublicDirTest() {
        fs::create_directory(path_);
        write_file(outside_, "precious");
        dir_.emplace(path_);
    }

    Names names() const { return list(path_); }

    void publish(const std::string& name, std::string_view content, ObjectId app = 5) {
        Publication publication(*dir_, app);
        publication.write(bytes(content));
        publication.publish(name);
    }

    uint64_t allocated(const std::string& name) const {
        struct stat status {};
        EXPECT_EQ(::stat((path_ + "/" + name).c_str(), &status), 0);
        return static_cast<uint64_t>(status.st_blocks) * 512;
    }

    TempDir temp_;
    std::string path_ = temp_ / "public";
    std::string outside_ = temp_ / "outside";
    std::optional<PublicDir> dir_;
};

// --- Names ---

TEST(PublicName, OneComponentThatIsSeen) {
    for (const std::string& name :
         {std::string("a"), std::string("marketapp-5-0123456789abcdef"), std::string("a..b"),
          std::string("a b $(x); '\"*?\\"), std::string("caf\xc3\xa9"), std::string("-rf"),
          std::string("~"), std::string(255, 'n')})
        EXPECT_TRUE(is_public_name(name)) << name;
    for (const std::string& name :
         {std::string(), std::string("."), std::string(".."), std::string(".hidden"),
          std::string(".onemarketd-5-0123456789abcdef"), std::string("a/b"), std::string("/a"),
          std::string("a/"), std::string("../a"), std::string("a\0b", 3), std::string("a\n"),
          std::string("\ta"), std::string("a\x7f"), std::string("\x1b"), std::string(256, 'n')})
        EXPECT_FALSE(is_public_name(name)) << name;
}

// --- The folder ---

TEST_F(PublicDirTest, OpensFoldersOnly) {
    struct Case {
        std::string path;
        ErrorKind kind;
        const char* reason;
    };
    const std::vector<Case> cases = {
        {temp_ / "missing", ErrorKind::unavailable, "No such file or directory"},
        {outside_, ErrorKind::unavailable, "Not a directory"},
        {outside_ + "/below", ErrorKind::unavailable, "Not a directory"},
        {"relative", ErrorKind::bad_request, "not an absolute path"},
        {"", ErrorKind::bad_request, "not an absolute path"},
        {"~oneadmin", ErrorKind::bad_request, "not an absolute path"},
    };
    for (const auto& c : cases) {
        const Error error = error_of([&] { PublicDir dir(c.path); });
        EXPECT_EQ(error.kind(), c.kind) << c.path;
        EXPECT_EQ(error.what(), "PUBLIC_DIR " + c.path + ": " + c.reason);
    }
}

TEST_F(PublicDirTest, UnreadableFolder) {
    const test::BoundByRights bound;
    fs::permissions(path_, fs::perms::none);
    EXPECT_EQ(error_of([&] { PublicDir dir(path_); }).kind(), ErrorKind::permission);
    fs::permissions(path_, fs::perms::owner_all);
}

TEST_F(PublicDirTest, FolderNobodyMayWriteTo) {
    const test::BoundByRights bound;
    publish("app", "content");
    fs::permissions(path_, fs::perms(0555));
    const Error error = error_of([&] { Publication publication(*dir_, 5); });
    EXPECT_EQ(error.kind(), ErrorKind::permission);
    EXPECT_EQ(error.what(), "PUBLIC_DIR " + path_ + ": Permission denied");
    EXPECT_EQ(error_of([&] { dir_->remove("app"); }).kind(), ErrorKind::permission);
    fs::permissions(path_, fs::perms::owner_all);
    EXPECT_EQ(names(), Names{"app"});
}

TEST_F(PublicDirTest, OddFolderNames) {
    for (const char* name :
         {"a b", "$(touch x)", "; rm -rf x", "'quoted\"", "caf\xc3\xa9", "*", "-rf", "a\nb"}) {
        const std::string path = temp_ / name;
        fs::create_directory(path);
        PublicDir dir(path);
        {
            Publication publication(dir, 5);
            publication.write(bytes("x"));
            publication.publish("app");
        }
        EXPECT_EQ(list(path), Names{"app"}) << name;
        dir.remove("app");
        EXPECT_EQ(list(path), Names{}) << name;
    }
}

TEST_F(PublicDirTest, StaysWithTheFolderItOpened) {
    const std::string elsewhere = temp_ / "elsewhere";
    fs::create_directory(elsewhere);
    fs::rename(path_, temp_ / "moved");
    fs::create_directory_symlink(elsewhere, path_);
    EXPECT_EQ(dir_->usage().total, fs::space(temp_ / "moved").capacity);
    // Nobody would see it, neither here nor there.
    const Error error = error_of([&] { publish("app", "content"); });
    EXPECT_EQ(error.kind(), ErrorKind::unavailable);
    EXPECT_EQ(error.what(),
              "PUBLIC_DIR " + path_ + ": it has gone, or another folder has come in its place");
    EXPECT_EQ(list(elsewhere), Names{});
    EXPECT_EQ(list(temp_ / "moved"), Names{});
}

TEST_F(PublicDirTest, LinkToTheFolderIsAsGoodAsTheFolder) {
    fs::rename(path_, temp_ / "moved");
    fs::create_directory_symlink(temp_ / "moved", path_);
    publish("app", "content");
    EXPECT_EQ(read_file(path_ + "/app"), "content");
}

TEST_F(PublicDirTest, UsageIsOfItsFileSystem) {
    const PublicDir::Usage usage = dir_->usage();
    EXPECT_GT(usage.total, 0U);
    EXPECT_LE(usage.used, usage.total);
    EXPECT_LE(usage.free, usage.total - usage.used);
    EXPECT_EQ(fs::space(path_).capacity, usage.total);
}

// --- Removing ---

TEST_F(PublicDirTest, RemovesAFile) {
    publish("app", "content");
    publish("other", "content");
    dir_->remove("app");
    EXPECT_EQ(names(), Names{"other"});
}

TEST_F(PublicDirTest, RemoveOfWhatIsNotThere) {
    const Error error = error_of([&] { dir_->remove("app"); });
    EXPECT_EQ(error.kind(), ErrorKind::not_found);
    EXPECT_EQ(error.what(), path_ + "/app: No such file or directory");
}

TEST_F(PublicDirTest, RemoveTakesNoNameThatLeadsElsewhere) {
    write_file(path_ + "/.hidden", "x");
    fs::create_directory(path_ + "/folder");
    write_file(path_ + "/folder/file", "x");
    for (const std::string& name :
         {std::string(), std::string("."), std::string(".."), std::string("../outside"),
          std::string("folder/file"), std::string("/") + outside_, std::string(".hidden"),
          std::string("../outside\0x", 12), std::string("a\nb"), std::string(256, 'n')}) {
        const Error error = error_of([&] { dir_->remove(name); });
        EXPECT_EQ(error.kind(), ErrorKind::bad_request) << name;
    }
    EXPECT_EQ(names(), (Names{".hidden", "folder"}));
    EXPECT_EQ(list(path_ + "/folder"), Names{"file"});
    EXPECT_EQ(read_file(outside_), "precious");
}

TEST_F(PublicDirTest, RemoveOfAGlobIsTheFileOfThatName) {
    publish("app", "content");
    EXPECT_EQ(error_of([&] { dir_->remove("*"); }).kind(), ErrorKind::not_found);
    publish("*", "content");
    dir_->remove("*");
    EXPECT_EQ(names(), Names{"app"});
}

TEST_F(PublicDirTest, RemovesRegularFilesOnly) {
    fs::create_symlink(outside_, path_ + "/link");
    fs::create_symlink(temp_ / "missing", path_ + "/dangling");
    fs::create_directory(path_ + "/folder");
    ASSERT_EQ(::mkfifo((path_ + "/fifo").c_str(), 0600), 0);
    for (const std::string name : {"link", "dangling", "folder", "fifo"}) {
        const Error error = error_of([&] { dir_->remove(name); });
        EXPECT_EQ(error.kind(), ErrorKind::bad_request) << name;
        EXPECT_EQ(error.what(), path_ + "/" + name + ": not a regular file");
    }
    EXPECT_EQ(names(), (Names{"dangling", "fifo", "folder", "link"}));
    EXPECT_EQ(read_file(outside_), "precious");
}

// --- Publishing ---

TEST_F(PublicDirTest, PublishesTheWholeInOneStep) {
    const std::string content = noise(3'000'001);
    {
        Publication publication(*dir_, 5);
        ASSERT_EQ(names().size(), 1U);
        EXPECT_TRUE(names()[0].starts_with(temporary(5))) << names()[0];
        for (size_t at = 0; at < content.size(); at += 1'000'000)
            publication.write(bytes(std::string_view(content).substr(at, 1'000'000)));
        EXPECT_EQ(names().size(), 1U) << "not seen before it is whole";
        publication.publish("app");
        EXPECT_EQ(names(), Names{"app"});
    }
    EXPECT_EQ(names(), Names{"app"});
    EXPECT_TRUE(read_file(path_ + "/app") == content);
}

TEST_F(PublicDirTest, EmptyFile) {
    publish("app", "");
    EXPECT_EQ(fs::file_size(path_ + "/app"), 0U);
}

TEST_F(PublicDirTest, EveryoneMayReadWhatIsPublic) {
    const mode_t before = ::umask(0077);
    struct stat status {};
    {
        Publication publication(*dir_, 5);
        ASSERT_EQ(::stat((path_ + "/" + names()[0]).c_str(), &status), 0);
        EXPECT_EQ(status.st_mode & 07777, 0600U) << "but nobody what is not yet";
        publication.publish("app");
    }
    ::umask(before);
    ASSERT_EQ(::stat((path_ + "/app").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0644U);
}

TEST_F(PublicDirTest, WithoutPublishNothingIsLeft) {
    {
        Publication publication(*dir_, 5);
        publication.write(bytes("content"));
    }
    EXPECT_EQ(names(), Names{});
}

TEST_F(PublicDirTest, NeverReplacesAFile) {
    publish("app", "first");
    EXPECT_NE(error_of([&] { publish("app", "second"); }).kind(), ErrorKind::internal);
    EXPECT_EQ(names(), Names{"app"});
    EXPECT_EQ(read_file(path_ + "/app"), "first");
}

TEST_F(PublicDirTest, NeverFollowsALinkPlantedAsItsTarget) {
    fs::create_symlink(outside_, path_ + "/app");
    fs::create_symlink(temp_ / "not-yet", path_ + "/app2");
    for (const char* name : {"app", "app2"})
        EXPECT_NE(error_of([&] { publish(name, "content"); }).kind(), ErrorKind::internal);
    EXPECT_EQ(names(), (Names{"app", "app2"}));
    EXPECT_TRUE(fs::is_symlink(path_ + "/app"));
    EXPECT_EQ(read_file(outside_), "precious");
    EXPECT_FALSE(fs::exists(temp_ / "not-yet"));
}

TEST_F(PublicDirTest, PublishTakesNoNameThatLeadsElsewhere) {
    for (const std::string& name :
         {std::string(), std::string(".."), std::string("../outside2"), std::string("a/b"),
          std::string(".hidden"), std::string("a\n"), std::string(256, 'n')})
        EXPECT_EQ(error_of([&] { publish(name, "x"); }).kind(), ErrorKind::internal) << name;
    EXPECT_EQ(names(), Names{});
    EXPECT_EQ(list(temp_.path()), (Names{"outside", "public"}));
}

// Whoever may write to the folder could put a file of his own in the temporary's place.
TEST_F(PublicDirTest, PublishesNoFileButItsOwn) {
    Publication publication(*dir_, 5);
    publication.write(bytes("content"));
    const std::string temporary_path = path_ + "/" + names()[0];
    fs::remove(temporary_path);
    fs::create_symlink(outside_, temporary_path);
    EXPECT_EQ(error_of([&] { publication.publish("app"); }).kind(), ErrorKind::corrupt);
    EXPECT_EQ(names(), Names{});
    EXPECT_EQ(read_file(outside_), "precious");
}

TEST_F(PublicDirTest, TwoOfTheSameAppAtOnce) {
    Publication one(*dir_, 5);
    Publication two(*dir_, 5);
    one.write(bytes("one"));
    two.write(bytes("two"));
    one.publish("app-one");
    two.publish("app-two");
    EXPECT_EQ(read_file(path_ + "/app-one"), "one");
    EXPECT_EQ(read_file(path_ + "/app-two"), "two");
}

TEST_F(PublicDirTest, LeavesNoDescriptorBehind) {
    const size_t before = list("/proc/self/fd").size();
    publish("app", "content");
    { Publication publication(*dir_, 5); }
    error_of([&] { publish("app", "again"); });
    dir_->remove_temporaries(5);
    EXPECT_EQ(list("/proc/self/fd").size(), before);
}

// --- Holes ---

TEST_F(PublicDirTest, SkipAtTheEndGivesTheSize) {
    Publication publication(*dir_, 5);
    publication.write(bytes("data"));
    publication.skip(1'000'000);
    publication.publish("app");
    EXPECT_EQ(read_file(path_ + "/app"), "data" + std::string(1'000'000, '\0'));
}

TEST_F(PublicDirTest, NothingButAHole) {
    Publication publication(*dir_, 5);
    publication.skip(uint64_t{3} << 30);
    publication.publish("app");
    EXPECT_EQ(fs::file_size(path_ + "/app"), uint64_t{3} << 30);
    EXPECT_EQ(allocated("app"), 0U);
}

TEST_F(PublicDirTest, HolesTakeNoRoom) {
    const std::string data = noise(1 << 20);
    Publication publication(*dir_, 5);
    publication.skip(4 << 20);
    publication.write(bytes(data));
    publication.skip(8 << 20);
    publication.write(bytes(data));
    publication.publish("app");
    const std::string expected =
        std::string(4 << 20, '\0') + data + std::string(8 << 20, '\0') + data;
    EXPECT_TRUE(read_file(path_ + "/app") == expected);
    EXPECT_GE(allocated("app"), uint64_t{2} << 20);
    EXPECT_LT(allocated("app"), uint64_t{3} << 20) << "of 14 MiB";
}

// --- A full disk ---

TEST_F(PublicDirTest, FullDiskLeavesNothing) {
    const std::string content = noise(1 << 20);
    Error error(ErrorKind::internal, "");
    {
        const FullDisk full(300'000);
        error = error_of([&] { publish("app", content); });
    }
    EXPECT_EQ(error.kind(), ErrorKind::no_space);
    EXPECT_TRUE(std::string(error.what()).starts_with("PUBLIC_DIR " + path_ + ": "))
        << error.what();
    EXPECT_EQ(names(), Names{});
}

TEST_F(PublicDirTest, FullDiskFoundAtTheEndLeavesNothing) {
    Error error(ErrorKind::internal, "");
    {
        const FullDisk full(300'000);
        error = error_of([&] {
            Publication publication(*dir_, 5);
            publication.skip(1 << 20);
            publication.publish("app");
        });
    }
    EXPECT_EQ(error.kind(), ErrorKind::no_space);
    EXPECT_EQ(names(), Names{});
}

TEST_F(PublicDirTest, FullDiskThatHasRoomAgain) {
    {
        const FullDisk full(10);
        error_of([&] { publish("app", "more than ten bytes"); });
    }
    publish("app", "more than ten bytes");
    EXPECT_EQ(read_file(path_ + "/app"), "more than ten bytes");
}

// --- What killed imports left ---

TEST_F(PublicDirTest, TemporariesOfADeadImportAreRemoved) {
    write_file(path_ + "/" + temporary(5) + "0123456789abcdef", "half an image");
    write_file(path_ + "/" + temporary(5) + "x", "");
    publish("app", "content");
    EXPECT_EQ(dir_->remove_temporaries(5), 2);
    EXPECT_EQ(names(), Names{"app"});
    EXPECT_EQ(dir_->remove_temporaries(5), 0);
}

TEST_F(PublicDirTest, TemporariesOfOtherAppsAreTheirs) {
    const Names others = {".onemarketd-5", ".onemarketd-50-a", ".onemarketd-55-a", ".other-5-a",
                          "onemarketd-5-a"};
    for (const std::string& name : others) write_file(path_ + "/" + name, "");
    EXPECT_EQ(dir_->remove_temporaries(5), 0);
    EXPECT_EQ(names(), others);
}

TEST_F(PublicDirTest, TemporaryOfALiveImportStays) {
    write_file(path_ + "/" + temporary(5) + "dead", "");
    Publication live(*dir_, 5);
    live.write(bytes("content"));
    PublicDir another(path_);  // another driver, another thread
    EXPECT_EQ(another.remove_temporaries(5), 1);
    live.publish("app");
    EXPECT_EQ(read_file(path_ + "/app"), "content");
}

// Where it cannot be told whether an import is alive, it must be taken for alive.
TEST_F(PublicDirTest, TemporaryOfALiveImportStaysWhenDescriptorsRunOut) {
    Publication live(*dir_, 5);
    UniqueFd next(::open("/dev/null", O_RDONLY));
    const rlim_t limit = static_cast<rlim_t>(next.get()) + 1;
    next.reset();
    {
        // Room for the folder that is listed and nothing else.
        const test::Limited few(RLIMIT_NOFILE, limit);
        const Error error = error_of([&] { dir_->remove_temporaries(5); });
        EXPECT_THAT(error.what(), testing::HasSubstr("Too many open files"));
        EXPECT_EQ(error.kind(), ErrorKind::unavailable);
    }
    EXPECT_EQ(names().size(), 1U) << "the live import's file is gone";
    live.publish("app");
}

TEST_F(PublicDirTest, TemporaryThatCannotBeRemovedIsSaid) {
    const test::BoundByRights bound;
    write_file(path_ + "/" + temporary(5) + "dead", "half an image");
    fs::permissions(path_, fs::perms(0555));
    const Error error = error_of([&] { dir_->remove_temporaries(5); });
    fs::permissions(path_, fs::perms::owner_all);
    EXPECT_EQ(error.kind(), ErrorKind::permission);
    EXPECT_EQ(dir_->remove_temporaries(5), 1);
}

// A sticky folder: everybody may write to it, and remove what is his.
TEST_F(PublicDirTest, TemporaryOfAnotherUserIsNoneOfOurs) {
    if (!test::is_root()) GTEST_SKIP() << "needs root to be two users";
    write_file(path_ + "/" + temporary(5) + "his", "");
    write_file(path_ + "/" + temporary(5) + "ours", "");
    ASSERT_EQ(::chown((path_ + "/" + temporary(5) + "ours").c_str(), 65534, 65534), 0);
    fs::permissions(path_, fs::perms(01777));
    ASSERT_EQ(::seteuid(65534), 0);
    int removed = -1;
    try {
        removed = dir_->remove_temporaries(5);
    } catch (const Error&) {
    }
    ASSERT_EQ(::seteuid(0), 0);
    EXPECT_EQ(removed, 1);
    EXPECT_EQ(names(), Names{temporary(5) + "his"});
}

TEST_F(PublicDirTest, PublishedFileIsNoTemporaryAnyMore) {
    Publication publication(*dir_, 5);
    publication.publish("app");
    EXPECT_EQ(dir_->remove_temporaries(5), 0);
    EXPECT_EQ(names(), Names{"app"});
}

TEST_F(PublicDirTest, WhatOnlyLooksLikeATemporary) {
    fs::create_symlink(outside_, path_ + "/" + temporary(5) + "link");
    fs::create_directory(path_ + "/" + temporary(5) + "folder");
    write_file(path_ + "/" + temporary(5) + "folder/file", "x");
    ASSERT_EQ(::mkfifo((path_ + "/" + temporary(5) + "fifo").c_str(), 0600), 0);
    const test::Stopwatch watch;
    dir_->remove_temporaries(5);
    EXPECT_LT(watch.seconds(), 10) << "does not wait for a FIFO";
    EXPECT_EQ(read_file(outside_), "precious");
    EXPECT_TRUE(fs::exists(path_ + "/" + temporary(5) + "folder/file"));
}

// --- Small files, and what there is ---

TEST_F(PublicDirTest, PutsALineInThePlaceOfAnother) {
    for (const char* line : {"one", "another, which is longer", ""}) {
        dir_->put(5, "app.json", line);
        EXPECT_EQ(read_file(path_ + "/app.json"), std::string(line) + "\n");
        EXPECT_EQ(names(), Names{"app.json"});
    }
    struct stat status {};
    ASSERT_EQ(::stat((path_ + "/app.json").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0644U);
    EXPECT_EQ(error_of([&] { dir_->put(5, "../outside", "x"); }).kind(), ErrorKind::internal);
    EXPECT_EQ(read_file(outside_), "precious");
}

TEST_F(PublicDirTest, PutReplacesALinkAndNotWhatItMeans) {
    fs::create_symlink(outside_, path_ + "/app.json");
    dir_->put(5, "app.json", "x");
    EXPECT_TRUE(fs::is_regular_file(fs::symlink_status(path_ + "/app.json")));
    EXPECT_EQ(read_file(outside_), "precious");
}

TEST_F(PublicDirTest, PutThatFailsLeavesWhatWasThere) {
    dir_->put(5, "app.json", "before");
    {
        const FullDisk full(10);
        EXPECT_EQ(error_of([&] { dir_->put(5, "app.json", "much too long"); }).kind(),
                  ErrorKind::no_space);
    }
    EXPECT_EQ(read_file(path_ + "/app.json"), "before\n");
    EXPECT_EQ(names(), Names{"app.json"});
}

TEST_F(PublicDirTest, HeadIsTheBegin) {
    publish("app", "content");
    EXPECT_EQ(dir_->head("app", 3), "con");
    EXPECT_EQ(dir_->head("app", 300), "content");
    EXPECT_EQ(error_of([&] { dir_->head("nothing", 3); }).kind(), ErrorKind::not_found);
}

// A clock of nanoseconds ends in 2262: what is told by its age would be old behind that.
TEST_F(PublicDirTest, AFileOfTheFutureIsNotOld) {
    publish("app", "content");
    const timespec year_2350[] = {{12'000'000'000, 0}, {12'000'000'000, 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, (path_ + "/app").c_str(), year_2350, 0), 0);
    EXPECT_GT(dir_->list().at(0).changed, std::chrono::system_clock::now());
}

TEST_F(PublicDirTest, ListsRegularFilesAlone) {
    publish("app", "content");
    write_file(path_ + "/.hidden file", "x");
    write_file(path_ + "/ ", "");
    write_file(path_ + "/two\nlines", "x");
    fs::create_directory(path_ + "/folder");
    fs::create_symlink(outside_, path_ + "/link");
    ASSERT_EQ(::mkfifo((path_ + "/fifo").c_str(), 0600), 0);
    std::map<std::string, uint64_t> found;
    for (const Folder::Entry& entry : dir_->list()) {
        found[entry.name] = entry.bytes;
        EXPECT_LT(std::chrono::system_clock::now() - entry.changed, std::chrono::minutes(5));
    }
    EXPECT_EQ(found, (std::map<std::string, uint64_t>{{"app", 7}, {".hidden file", 1}, {" ", 0}}));
}

TEST_F(PublicDirTest, TemporariesThatAreHeldStay) {
    const std::string name = ".onemarketd-5-0123456789abcdef";
    EXPECT_EQ(error_of([&] { dir_->remove_temporary(name); }).kind(), ErrorKind::not_found);
    {
        Publication publication(*dir_, 5);
        const std::string held = names().at(0);
        EXPECT_TRUE(dir_->is_held(held));
        EXPECT_EQ(error_of([&] { dir_->remove_temporary(held); }).kind(), ErrorKind::unavailable);
        EXPECT_EQ(names(), Names{held});
    }
    write_file(path_ + "/" + name, "half");
    EXPECT_FALSE(dir_->is_held(name));
    dir_->remove_temporary(name);
    EXPECT_EQ(names(), Names{});
    for (const char* other : {"app", "../outside", ".onemarketd-5-", ".", ""})
        EXPECT_EQ(error_of([&] { dir_->remove_temporary(other); }).kind(), ErrorKind::bad_request);
    EXPECT_EQ(read_file(outside_), "precious");
}

// --- Shared blocks ---

TEST_F(PublicDirTest, CloneIsTheSameContentOrNothingAtAll) {
    const std::string content = noise(1 << 20);
    write_file(temp_ / "image", content);
    const FileReader image(temp_ / "image");
    Publication publication(*dir_, 5);
    if (!publication.clone_from(image.file())) {
        EXPECT_EQ(publication.reread().size(), 0U) << "nothing changed";
        GTEST_SKIP() << "this file system shares no blocks: clones were NOT looked at";
    }
    test::TestContext context;
    FileReader again = publication.reread();
    EXPECT_TRUE(test::read_all(again, context) == content);
    publication.publish("app");
    EXPECT_TRUE(read_file(path_ + "/app") == content);
}

TEST_F(PublicDirTest, CloneOfWhatCannotBeCloned) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    const UniqueFd read_end(ends[0]);
    const UniqueFd write_end(ends[1]);
    Publication publication(*dir_, 5);
    EXPECT_FALSE(publication.clone_from(read_end.get()));
    EXPECT_FALSE(publication.clone_from(-1));
    publication.write(bytes("content"));
    publication.publish("app");
    EXPECT_EQ(read_file(path_ + "/app"), "content");
}

}  // namespace
}  // namespace onemarket
