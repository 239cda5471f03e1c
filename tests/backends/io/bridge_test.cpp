// SPDX-License-Identifier: Apache-2.0
#include "backends/io/bridge.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <thread>

#include "backends/io/bridge_script.h"
#include "backends/io/subprocess.h"
#include "protocol/ascii.h"
#include "protocol/base64.h"
#include "tests/backends/helpers.h"
#include "tests/support/sshd.h"

namespace onemarket::test {
namespace {

using boost::asio::ip::tcp;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Hosts = std::vector<std::string>;

std::span<const std::byte> bytes_of(const std::string& text) {
    return std::as_bytes(std::span(text));
}

class BridgeTest : public testing::Test {
  protected:
    void SetUp() override {
        if (!Sshd::is_there()) GTEST_SKIP() << "OpenSSH's server is not installed";
        sshd_ = std::make_unique<Sshd>();
        settings_.environment = {"PATH=" + sshd_->bin() + ":/usr/bin:/bin"};
        settings_.directory = "/";
    }
    void TearDown() override {
        if (!sshd_) return;
        EXPECT_TRUE(eventually([this] { return sshd_->connections() == 0; }));
    }

    std::unique_ptr<Bridge> connect(const std::string& host = "bridge1") {
        return std::make_unique<Bridge>(settings_, host, context_);
    }
    // A bridge whose folder is the throw-away one, with a temporary to write to.
    std::unique_ptr<Bridge> writing() {
        auto bridge = connect();
        bridge->ask("folder", {dir_.path().string()});
        bridge->ask("create", {".onemarketd-5-x"});
        return bridge;
    }
    // Every host's account does this first, and then what it is told.
    void start_up(const std::string& script) {
        write_script(dir_ / "bin/ssh",
                     "#!/bin/sh\n" + script + "\nexec " + sshd_->bin() + "/ssh \"$@\"\n");
        settings_.environment = {"PATH=" + dir_ / "bin" + ":/usr/bin:/bin"};
    }
    // So many bytes.
    std::string some(Bridge& bridge, size_t size) {
        std::string text(size, '\0');
        auto left = std::as_writable_bytes(std::span(text));
        while (!left.empty()) {
            const size_t got = bridge.read(left);
            if (got == 0) throw std::runtime_error("the bytes end");
            left = left.subspan(got);
        }
        return text;
    }

    Ignored pipe_signal_{SIGPIPE};
    TempDir dir_;
    TestContext context_;
    SshSettings settings_;
    std::unique_ptr<Sshd> sshd_;
};

// --- Files ---

TEST_F(BridgeTest, ReadsAFile) {
    const std::string content = noise(3'000'000);
    for (const char* name : {"image", "two words", "$(touch x) `y` \"q\" 'p'", "-rf", "caf\xc3\xa9",
                             "a;b|c&d<e>*?[f]\\"}) {
        write_file(dir_ / name, content);
        auto bridge = connect();
        EXPECT_EQ(bridge->ask("open", {dir_ / name}), "3000000");
        EXPECT_EQ(bridge->ask("get 1000 10"), base64_encode(content.substr(1000, 10)));
        EXPECT_EQ(bridge->ask("get 2999995 100"), base64_encode(content.substr(2'999'995)));
        EXPECT_EQ(bridge->ask("get 5000000 100"), "");
        bridge->ask("send 3000000");
        EXPECT_TRUE(some(*bridge, 3'000'000) == content) << name;
        bridge->confirm();
        EXPECT_EQ(bridge->ask("get 1000 10"), base64_encode(content.substr(1000, 10)));
    }
    EXPECT_EQ(list(dir_.path()).size(), 6U);
}

TEST_F(BridgeTest, FileThatIsNotThereNamesHostAndReason) {
    auto bridge = connect("bridge2");
    const Error error = error_of([&] { bridge->ask("open", {dir_ / "none"}); });
    EXPECT_EQ(error.kind(), ErrorKind::not_found);
    const std::string text = error.what();
    EXPECT_TRUE(text.starts_with("bridge2: ")) << text;
    EXPECT_TRUE(text.ends_with("No such file or directory")) << text;
}

TEST_F(BridgeTest, NeitherFolderNorFifoIsOpened) {
    ASSERT_EQ(::mkfifo((dir_ / "fifo").c_str(), 0600), 0);
    auto bridge = connect();
    for (const std::string& path : {dir_ / "fifo", dir_.path().string(), std::string("/dev/null")})
        EXPECT_EQ(error_of([&] { bridge->ask("open", {path}); }).what(),
                  "bridge1: " + path + ": not a regular file");
}

TEST_F(BridgeTest, PathWithANewlineIsRefusedHere) {
    auto bridge = connect();
    const Error error = error_of([&] { bridge->ask("open", {"/a\nfolder\n/"}); });
    EXPECT_EQ(error.kind(), ErrorKind::bad_request);
}

// --- A folder ---

TEST_F(BridgeTest, PublishesWhatWasPutWithItsHoles) {
    const std::string head = noise(100'000), tail = noise(5000);
    {
        auto bridge = writing();
        bridge->put("put 0 100000", bytes_of(head));
        bridge->put("put 10000000 5000", bytes_of(tail));
        EXPECT_EQ(bridge->ask("get 10004990 100"), base64_encode(tail.substr(4990)));
        EXPECT_EQ(list(dir_.path()), Hosts{".onemarketd-5-x"});
        EXPECT_EQ(test::mode_of(dir_ / ".onemarketd-5-x"), 0600U);
        bridge->ask("complete 10005000 20000000");
        bridge->ask("publish", {"marketapp-5"});
    }
    EXPECT_EQ(list(dir_.path()), Hosts{"marketapp-5"});
    const std::string content = read_file(dir_ / "marketapp-5");
    ASSERT_EQ(content.size(), 20'000'000U);
    EXPECT_TRUE(content.substr(0, 100'000) == head);
    EXPECT_TRUE(content.substr(10'000'000, 5000) == tail);
    struct stat info {};
    ASSERT_EQ(::stat((dir_ / "marketapp-5").c_str(), &info), 0);
    EXPECT_LT(info.st_blocks * 512, 1'000'000);
    EXPECT_EQ(test::mode_of(dir_ / "marketapp-5"), 0644U);
}

TEST_F(BridgeTest, WhatIsNotPublishedGoesWithTheConnection) {
    {
        auto bridge = writing();
        bridge->put("put 0 6", bytes_of("abcdef"));
        bridge->put("put 6 1000000", bytes_of("and then the line breaks"));
    }
    EXPECT_TRUE(eventually([this] { return list(dir_.path()).empty(); }));
}

TEST_F(BridgeTest, NothingIsPublishedOverAnotherFile) {
    write_file(dir_ / "marketapp-5", "of somebody");
    auto bridge = writing();
    bridge->put("put 0 4", bytes_of("mine"));
    bridge->ask("complete 4 4");
    const Error error = error_of([&] { bridge->ask("publish", {"marketapp-5"}); });
    EXPECT_NE(std::string(error.what()).find("File exists"), std::string::npos) << error.what();
    EXPECT_EQ(read_file(dir_ / "marketapp-5"), "of somebody");
}

TEST_F(BridgeTest, NothingIsPublishedWithBytesMissing) {
    auto bridge = writing();
    bridge->put("put 0 4", bytes_of("mine"));
    EXPECT_STREQ(error_of([&] { bridge->ask("complete 5 5"); }).what(),
                 "bridge1: bytes are missing");
}

// Who else may write to the folder puts something in the temporary's place.
TEST_F(BridgeTest, NothingElseIsPublishedInItsPlace) {
    write_file(dir_ / "victim", "precious");
    std::filesystem::permissions(dir_ / "victim", std::filesystem::perms::owner_all);
    std::filesystem::create_directory(dir_ / "folder");
    for (const bool link : {false, true})
        for (const bool late : {false, true}) {
            auto bridge = connect();
            bridge->ask("folder", {dir_ / "folder"});
            bridge->ask("create", {".onemarketd-5-x"});
            bridge->put("put 0 4", bytes_of("mine"));
            if (late) bridge->ask("complete 4 4");
            if (link)
                std::filesystem::create_symlink(dir_ / "victim", dir_ / "other");
            else
                write_file(dir_ / "other", "evil");
            std::filesystem::rename(dir_ / "other", dir_ / "folder/.onemarketd-5-x");
            if (!late) bridge->ask("complete 4 4");
            const Error error = error_of([&] { bridge->ask("publish", {"marketapp-5"}); });
            EXPECT_EQ(error.kind(), ErrorKind::corrupt);
            EXPECT_STREQ(error.what(), "bridge1: somebody put another file in its place");
            EXPECT_FALSE(std::filesystem::exists(dir_ / "folder/marketapp-5"));
        }
    EXPECT_EQ(read_file(dir_ / "victim"), "precious");
    EXPECT_EQ(test::mode_of(dir_ / "victim"), 0700U);
}

TEST_F(BridgeTest, WhatIsRetractedIsNotPublishedAnyMore) {
    auto bridge = writing();
    bridge->put("put 0 4", bytes_of("mine"));
    const std::string id = bridge->ask("complete 4 4");
    const auto retract = [&] {
        auto other = connect();
        other->ask("folder", {dir_.path().string()});
        other->ask("retract " + id, {".onemarketd-5-x", "marketapp-5"});
    };
    retract();
    EXPECT_EQ(list(dir_.path()), Hosts{});
    EXPECT_EQ(error_of([&] { bridge->ask("publish", {"marketapp-5"}); }).kind(),
              ErrorKind::not_found);
    EXPECT_EQ(list(dir_.path()), Hosts{});
    write_file(dir_ / "marketapp-5", "of somebody");
    retract();
    EXPECT_EQ(read_file(dir_ / "marketapp-5"), "of somebody");
}

TEST_F(BridgeTest, WhatIsPublishedAlreadyIsRetracted) {
    auto bridge = writing();
    bridge->put("put 0 4", bytes_of("mine"));
    const std::string id = bridge->ask("complete 4 4");
    bridge->ask("publish", {"marketapp-5"});
    bridge->ask("retract " + id, {".onemarketd-5-x", "marketapp-5"});
    EXPECT_EQ(list(dir_.path()), Hosts{});
}

// The line can break anywhere.
TEST_F(BridgeTest, HalfANameIsNone) {
    write_file(dir_ / "app", "another one's");
    Command command;
    command.argv = {"/bin/sh", "-c", kBridgeScript};
    command.environment = {"PATH=/usr/bin:/bin"};
    command.directory = "/";
    command.input = "folder\n" + dir_.path().string() + "\nremove\napp";
    run(std::move(command), context_);
    EXPECT_EQ(list(dir_.path()), Hosts{"app"});
}

TEST_F(BridgeTest, RefusalWithoutAReasonSaysSo) {
    write_script(dir_ / "bin/rm", "#!/bin/sh\nexit 1\n");
    write_file(dir_ / "file", "");
    settings_.environment = {"PATH=" + dir_ / "bin" + ":/usr/bin:/bin"};
    auto bridge = Bridge::here(settings_, context_);
    bridge->ask("folder", {dir_.path().string()});
    EXPECT_STREQ(error_of([&] { bridge->ask("remove", {"file"}); }).what(),
                 "this host: failed without a reason");
}

TEST_F(BridgeTest, PublishedFilesAreOpenedAndNothingElse) {
    write_file(dir_ / "file", "content");
    std::filesystem::create_symlink(dir_ / "file", dir_ / "link");
    std::filesystem::create_directory(dir_ / "folder");
    auto bridge = connect();
    bridge->ask("folder", {dir_.path().string()});
    for (const char* name : {"folder", "link"})
        EXPECT_TRUE(std::string(error_of([&] { bridge->ask("published", {name}); }).what())
                        .ends_with("not a regular file"))
            << name;
    EXPECT_EQ(error_of([&] { bridge->ask("published", {"none"}); }).kind(), ErrorKind::not_found);
    EXPECT_EQ(bridge->ask("published", {"file"}), "7");
}

TEST_F(BridgeTest, RemovesFilesAlone) {
    write_file(dir_ / "file", "");
    std::filesystem::create_directory(dir_ / "folder");
    std::filesystem::create_symlink(dir_ / "file", dir_ / "link");
    auto bridge = connect();
    bridge->ask("folder", {dir_.path().string()});
    for (const std::string name : {"folder", "link"}) {
        const Error error = error_of([&] { bridge->ask("remove", {name}); });
        EXPECT_EQ(error.kind(), ErrorKind::bad_request);
        EXPECT_EQ(error.what(), "bridge1: " + name + ": not a regular file");
    }
    bridge->ask("remove", {"file"});
    EXPECT_EQ(error_of([&] { bridge->ask("remove", {"file"}); }).kind(), ErrorKind::not_found);
    EXPECT_EQ(list(dir_.path()), (Hosts{"folder", "link"}));
}

TEST_F(BridgeTest, CleansTheAppsTemporariesNobodyHolds) {
    write_file(dir_ / ".onemarketd-5-old", "");
    write_file(dir_ / ".onemarketd-50-other", "");
    auto live = writing();
    auto bridge = connect("bridge2");
    bridge->ask("folder", {dir_.path().string()});
    bridge->ask("clean 5");
    EXPECT_EQ(list(dir_.path()), (Hosts{".onemarketd-5-x", ".onemarketd-50-other"}));
}

TEST_F(BridgeTest, TemporaryThatCannotBeRemovedIsSaid) {
    write_file(dir_ / ".onemarketd-5-old", "");
    auto live = writing();
    write_script(sshd_->host_bin() + "/rm",
                 "#!/bin/sh\necho 'rm: cannot remove: Permission denied' >&2\nexit 1\n");
    auto bridge = connect("bridge2");
    bridge->ask("folder", {dir_.path().string()});
    const Error error = error_of([&] { bridge->ask("clean 5"); });
    EXPECT_EQ(error.kind(), ErrorKind::permission);
    EXPECT_STREQ(error.what(), "bridge2: rm: cannot remove: Permission denied");
    std::filesystem::remove(sshd_->host_bin() + "/rm");
    EXPECT_EQ(bridge->ask("clean 5"), "1") << "the other is held";
}

TEST_F(BridgeTest, RemovalIsMadeDurableWhereThatCanBe) {
    for (const char* status : {"0", "1"}) {
        write_file(dir_ / "file", "");
        write_script(sshd_->host_bin() + "/sync",
                     "#!/bin/sh\necho \"$*\" >> '" + dir_ / "synced" + "'\nexit " + status + "\n");
        auto bridge = connect();
        bridge->ask("folder", {dir_.path().string()});
        bridge->ask("remove", {"file"});
        EXPECT_EQ(list(dir_.path()), Hosts{"synced"});
    }
    EXPECT_EQ(read_file(dir_ / "synced"), ".\n.\n");
}

TEST_F(BridgeTest, FolderThatIsNone) {
    auto bridge = connect();
    const Error error = error_of([&] { bridge->ask("folder", {dir_ / "none"}); });
    EXPECT_EQ(error.kind(), ErrorKind::not_found) << error.what();
    EXPECT_EQ(error_of([&] { bridge->ask("folder", {"/etc/passwd"}); }).kind(),
              ErrorKind::unavailable);
    bridge->ask("folder", {dir_.path().string()});
    const std::string usage = bridge->ask("usage");
    EXPECT_EQ(ascii::split(usage, " ").size(), 3U);
}

// --- Hosts ---

TEST_F(BridgeTest, HostsThatCannotBeReachedSayWhy) {
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"down", "Connection refused"},
        {"stranger",
         "Host key for stranger has changed and you have requested strict checking. "
         "Host key verification failed."},
        {"refused", "Permission denied (publickey)."},
    };
    for (const auto& [host, reason] : cases) {
        const Error error = error_of([&, name = host] { connect(name); });
        EXPECT_EQ(error.kind(), ErrorKind::unavailable);
        const std::string text = error.what();
        EXPECT_TRUE(text.starts_with(host + ": ")) << text;
        EXPECT_TRUE(text.ends_with(reason)) << text;
    }
}

TEST_F(BridgeTest, HostThatSaysNothingIsGivenUp) {
    boost::asio::io_context io;
    tcp::acceptor silent(io, {boost::asio::ip::make_address("127.0.0.1"), 0});
    sshd_->add_host("silent", "    Port " + std::to_string(silent.local_endpoint().port()));
    settings_.connect_limit = seconds(1);
    const Stopwatch watch;
    const Error error = error_of([&] { connect("silent"); });
    EXPECT_EQ(error.kind(), ErrorKind::unavailable) << error.what();
    EXPECT_LT(watch.seconds(), 5);
}

// ssh has no word for it.
TEST_F(BridgeTest, LineThatBreaksWhileKeysAreExchangedIsSaid) {
    boost::asio::io_context io;
    tcp::acceptor acceptor(io, {boost::asio::ip::make_address("127.0.0.1"), 0});
    sshd_->add_host("cut", "    Port " + std::to_string(acceptor.local_endpoint().port()));
    std::jthread host([&] {
        tcp::socket one = acceptor.accept();
        boost::asio::write(one, boost::asio::buffer(std::string("SSH-2.0-OpenSSH_9.2\r\n")));
        std::array<char, 4096> its_proposal;
        one.read_some(boost::asio::buffer(its_proposal));
    });
    const Error error = error_of([&] { connect("cut"); });
    const std::string text = error.what();
    EXPECT_TRUE(text.starts_with("cut: the connection was lost: ssh failed with exit status 255") ||
                text.find("Connection reset") != std::string::npos)
        << text;
}

TEST_F(BridgeTest, NextHostServesForOneThatIsDown) {
    const auto bridge = connect_bridge(settings_, {"down", "bridge2", "bridge3"}, 3, context_);
    EXPECT_EQ(bridge->host(), "bridge2");
    EXPECT_TRUE(context_.log.contains("down: ssh: connect to host"));
    EXPECT_EQ(connect_bridge(settings_, {"bridge1", "bridge2", "bridge3"}, 5, context_)->host(),
              "bridge3");
    const Error error = error_of([&] {
        connect_bridge(settings_, {"down", "refused"}, 0, context_);
    });
    EXPECT_TRUE(std::string(error.what()).starts_with("refused: ")) << error.what();
}

TEST_F(BridgeTest, CancelEndsTheConversationAtOnce) {
    ASSERT_EQ(::mkfifo((dir_ / "fifo").c_str(), 0600), 0);
    auto bridge = writing();
    std::jthread admin([this] {
        std::this_thread::sleep_for(milliseconds(50));
        context_.stop.request_stop();
    });
    // Waits for bytes that do not come: the script reads what is no request yet.
    const Stopwatch watch;
    EXPECT_EQ(error_of([&] {
                  bridge->put("put 0 10", bytes_of(""));
                  bridge->ask("usage");
              }).kind(),
              ErrorKind::cancelled);
    EXPECT_LT(watch.seconds(), 3);
    bridge.reset();
    EXPECT_TRUE(eventually([this] { return !std::filesystem::exists(dir_ / ".onemarketd-5-x"); }));
}

TEST_F(BridgeTest, ChatterOfStartUpFilesIsNoAnswer) {
    for (const char* chatter : {"echo Welcome to the host; echo ok", "printf 'no end of the line'",
                                "head -c 60000 /dev/zero"}) {
        start_up(chatter);
        connect()->ask("folder", {"/"});
    }
}

// A DELETE would take it for the word that its file has gone.
TEST_F(BridgeTest, LineThatIsLostIsLostWhateverStartUpFilesComplainOf) {
    for (const bool late : {false, true}) {
        start_up(std::string("( ") + (late ? "sleep 1; " : "") +
                 "echo '.bashrc: x: No such file or directory' >&2 )" + (late ? " &" : ""));
        auto bridge = connect();
        bridge->ask("folder", {dir_.path().string()});
        if (late) ::usleep(1'500'000);
        sshd_->drop();
        const Error error = error_of([&] { bridge->ask("remove", {"file"}); });
        EXPECT_EQ(error.kind(), ErrorKind::unavailable) << error.what();
        EXPECT_TRUE(std::string(error.what()).starts_with("bridge1: the connection was lost"))
            << error.what();
        EXPECT_EQ(std::string(error.what()).find(".bashrc") != std::string::npos, late);
    }
}

TEST_F(BridgeTest, HostThatPrintsWithoutEndIsGivenUpAtOnce) {
    for (const char* chatter : {"yes", "head -c 70000 /dev/zero; sleep 100",
                                "yes | head -c 70000; sleep 100", "cat /dev/zero"}) {
        start_up("case \"$*\" in *bridge1*) " + std::string(chatter) + " ;; esac");
        const Stopwatch watch;
        const Error error = error_of([&] { connect(); });
        EXPECT_STREQ(error.what(), "bridge1: its start-up files print more than 64 KiB");
        EXPECT_EQ(connect_bridge(settings_, {"bridge1", "bridge2"}, 0, context_)->host(),
                  "bridge2");
        EXPECT_LT(watch.seconds(), 10) << chatter;
    }
}

TEST_F(BridgeTest, RequestsTimeLimitHoldsForHostsThatHang) {
    start_up("exec sleep 100");
    for (const bool idle : {false, true}) {
        TestContext hurried(5, {milliseconds(500), idle});
        const Stopwatch watch;
        const Error error = error_of([&] {
            connect_bridge(settings_, {"bridge1", "bridge2"}, 0, hurried);
        });
        EXPECT_EQ(error.kind(), ErrorKind::timeout) << error.what();
        EXPECT_TRUE(std::string(error.what()).ends_with(", waiting for bridge1")) << error.what();
        EXPECT_LT(watch.seconds(), 5);
    }
    settings_.connect_limit = settings_.answer_limit = seconds(1);
    TestContext patient(5, {seconds(100), false});
    const Error error = error_of([&] { connect_bridge(settings_, {"a", "b"}, 0, patient); });
    EXPECT_STREQ(error.what(), "b: no answer within 2 s");
    EXPECT_TRUE(patient.log.contains("a: no answer within 2 s; trying the next host"));
}

// ssh writes to its line, and reads from it, as long as that lives.
TEST_F(BridgeTest, QuestionsWhetherTheLineLivesAreNoProgress) {
    write_script(
        sshd_->host_bin() + "/rbd",
        "#!/bin/sh\ncase $* in *info*) echo '{\"size\":10}' ;; *) exec sleep 60 ;; esac\n");
    settings_.alive_every = seconds(1);
    TestContext idle(5, {seconds(4), true});
    Bridge bridge(settings_, "bridge1", idle.context);
    EXPECT_EQ(bridge.ask("rbd", {"one/x", "", "", ""}), "10");
    bridge.ask("export");
    const Stopwatch watch;
    const Error error = error_of([&] { some(bridge, 10); });
    EXPECT_STREQ(error.what(), "Timeout: no progress for 4 s, waiting for bridge1");
    EXPECT_LT(watch.seconds(), 15);
}

TEST(BridgeHosts, AreWords) {
    EXPECT_EQ(bridge_hosts(" a.b  user@c\n\td-1,e_2 [::1] "),
              (Hosts{"a.b", "user@c", "d-1", "e_2", "[::1]"}));
    for (const char* list : {"", " \n", "-oProxyCommand=x", "a b;c", "$(x)", "a'b", "a/b"})
        EXPECT_EQ(error_of([&] { bridge_hosts(list); }).kind(), ErrorKind::bad_request) << list;
}

}  // namespace
}  // namespace onemarket::test
