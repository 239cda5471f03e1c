// SPDX-License-Identifier: Apache-2.0
// What all folders do is tested by the conformance suite. Here: what becomes of a file when the
// conversation ends while it is published.
#include "backends/io/remote_dir.h"

#include <gtest/gtest.h>

#include <thread>

#include "tests/backends/helpers.h"
#include "tests/support/sshd.h"

namespace onemarket::test {
namespace {

using Names = std::vector<std::string>;

class RemoteDirTest : public testing::Test {
  protected:
    void SetUp() override {
        if (!Sshd::is_there()) GTEST_SKIP() << "OpenSSH's server is not installed";
        sshd_ = std::make_unique<Sshd>();
        settings_.environment = {"PATH=" + sshd_->bin() + ":/usr/bin:/bin"};
        settings_.directory = "/";
        std::filesystem::create_directory(public_);
    }
    // Whatever happened, nothing is left, nor will be.
    void TearDown() override {
        if (!sshd_) return;
        EXPECT_TRUE(eventually([this] { return sshd_->connections() == 0; }));
        EXPECT_TRUE(eventually([this] { return !is_there("works"); })) << "the host still works";
        EXPECT_TRUE(eventually([this] { return list(public_).empty(); }));
    }

    std::unique_ptr<RemoteDir> folder(const std::string& path) {
        return std::make_unique<RemoteDir>(
            settings_, std::make_unique<Bridge>(settings_, "bridge1", context_), path, context_);
    }
    // A program of the host that, called for the first time with such arguments, works until the
    // driver has given its answer, and then does what it is there for.
    void slow(const std::string& program, const std::string& arguments = "*") {
        write_script(
            sshd_->host_bin() + "/" + program,
            "#!/bin/sh\nstate='" + dir_.path().string() + "'\ncase $* in\n" + arguments + R"()
    if [ ! -e "$state/asked" ]; then
        : > "$state/works"
        : > "$state/asked"
        while [ ! -e "$state/answered" ]; do sleep 0.05; done
        "/usr/bin/${0##*/}" "$@"
        status=$?
        rm "$state/works"
        exit $status
    fi ;;
esac
exec "/usr/bin/${0##*/}" "$@"
)");
    }
    bool is_there(const std::string& name) const { return std::filesystem::exists(dir_ / name); }

    // Publishes a file; `action` comes when the slow program is asked.
    template <class Action>
    Error publish(Action action) {
        const std::unique_ptr<RemoteDir> dir = folder(public_);
        std::jthread other([this, action] {
            if (eventually([this] { return is_there("asked"); })) action();
        });
        const Error error = error_of([&] {
            const auto file = dir->create(5);
            write_text(*file, content_);
            file->publish("marketapp-5");
        });
        write_file(dir_ / "answered", "");
        return error;
    }

    Ignored pipe_signal_{SIGPIPE};
    TempDir dir_;
    std::string public_ = dir_ / "public";
    std::string content_ = noise(100'000);
    TestContext context_;
    SshSettings settings_;
    std::unique_ptr<Sshd> sshd_;
};

TEST_F(RemoteDirTest, CancelledWhileTheHostSyncs) {
    slow("sync");
    EXPECT_EQ(publish([this] { context_.stop.request_stop(); }).kind(), ErrorKind::cancelled);
    EXPECT_TRUE(context_.log.lines().empty());
}

TEST_F(RemoteDirTest, LineIsDroppedWhileTheHostSyncs) {
    slow("sync");
    EXPECT_EQ(publish([this] { sshd_->drop(); }).kind(), ErrorKind::unavailable);
    EXPECT_TRUE(context_.log.lines().empty());
}

TEST_F(RemoteDirTest, CancelledWhileTheHostPublishes) {
    slow("ln");
    EXPECT_EQ(publish([this] { context_.stop.request_stop(); }).kind(), ErrorKind::cancelled);
    EXPECT_TRUE(context_.log.lines().empty());
}

TEST_F(RemoteDirTest, LineIsDroppedWhileTheHostPublishes) {
    slow("ln");
    EXPECT_EQ(publish([this] { sshd_->drop(); }).kind(), ErrorKind::unavailable);
    EXPECT_TRUE(context_.log.lines().empty());
}

TEST_F(RemoteDirTest, LineIsDroppedWhenItIsPublished) {
    slow("sync", ".");
    EXPECT_EQ(publish([this] {
                  EXPECT_EQ(list(public_), Names{"marketapp-5"});
                  sshd_->drop();
              }).kind(),
              ErrorKind::unavailable);
    EXPECT_TRUE(context_.log.lines().empty());
    EXPECT_EQ(list(public_), Names{}) << "and that before the answer";
}

TEST_F(RemoteDirTest, WhatCannotBeTakenBackIsSaid) {
    slow("ln");
    const Error error = publish([this] {
        write_script(sshd_->bin() + "/ssh", "#!/bin/sh\necho 'No route to host' >&2; exit 255\n");
        sshd_->drop();
    });
    EXPECT_EQ(error.kind(), ErrorKind::unavailable);
    EXPECT_TRUE(context_.log.contains("perhaps left in PUBLIC_DIR bridge1:" + public_ +
                                      ": marketapp-5: bridge1: No route to host"));
    EXPECT_TRUE(eventually([this] { return !is_there("works"); }));
    std::filesystem::remove(public_ + "/marketapp-5");
}

TEST_F(RemoteDirTest, FileOfAnotherStaysWhereOneWasToBePublished) {
    write_file(public_ + "/marketapp-5", "of somebody");
    const std::unique_ptr<RemoteDir> dir = folder(public_);
    const Error error = error_of([&] { dir->create(5)->publish("marketapp-5"); });
    EXPECT_TRUE(std::string(error.what()).ends_with("File exists")) << error.what();
    EXPECT_EQ(read_file(public_ + "/marketapp-5"), "of somebody");
    std::filesystem::remove(public_ + "/marketapp-5");
}

TEST_F(RemoteDirTest, OpensWhatIsPublishedAndNoLink) {
    write_file(public_ + "/file", content_);
    std::filesystem::create_symlink(public_ + "/file", public_ + "/link");
    const std::unique_ptr<RemoteDir> dir = folder(public_);
    EXPECT_EQ(error_of([&] { dir->open("link"); }).kind(), ErrorKind::bad_request);
    EXPECT_EQ(error_of([&] { dir->head("link", 10); }).kind(), ErrorKind::bad_request);
    EXPECT_EQ(dir->head("file", 10), content_.substr(0, 10));
    EXPECT_EQ(error_of([&] { dir->open("none"); }).kind(), ErrorKind::not_found);
    EXPECT_TRUE(read_all(*dir->open("file"), context_) == content_);
    for (const char* name : {"file", "link"}) std::filesystem::remove(public_ + "/" + name);
}

TEST_F(RemoteDirTest, OddFolders) {
    for (const char* name :
         {"a b", "$(touch x)", "'q\"", "c\rd", " ", "-rf", "\\n", "caf\xc3\xa9"}) {
        std::filesystem::create_directory(dir_ / name);
        const std::unique_ptr<RemoteDir> dir = folder(dir_ / name);
        const auto file = dir->create(5);
        write_text(*file, content_);
        file->publish("marketapp-5");
        EXPECT_EQ(list(dir_ / name), Names{"marketapp-5"}) << name;
    }
}

}  // namespace
}  // namespace onemarket::test
