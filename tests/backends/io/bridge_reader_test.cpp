// SPDX-License-Identifier: Apache-2.0
#include "backends/io/bridge_reader.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/backends/helpers.h"

namespace onemarket::test {
namespace {

using Request = BridgeReader::Request;

// The bridge's script on this host: what goes over ssh is the same.
class BridgeReaderTest : public testing::Test {
  protected:
    void SetUp() override {
        settings_.environment = {"PATH=" + dir_ / "bin" + ":/usr/sbin:/usr/bin:/sbin:/bin"};
        settings_.directory = "/";
        bridge_ = Bridge::here(settings_, context_);
    }
    std::unique_ptr<Reader> reader(uint64_t size, Request request = Request::send) {
        return std::make_unique<BridgeReader>(bridge_, request, "img", size);
    }
    std::string read(uint64_t size, Request request = Request::send) {
        return read_all(*reader(size, request), context_);
    }
    // A file the bridge has open.
    void open(const std::string& content) {
        write_file(dir_ / "image", content);
        bridge_->ask("open", {dir_ / "image"});
    }
    // An `rbd` of which any image has three bytes, as it says, and that exports as the script does.
    void rbd(const std::string& script) {
        write_script(dir_ / "bin/rbd", "#!/bin/sh\n" + script + "\n");
        bridge_->ask("rbd", {"one/img", "", "", ""});
    }

    Ignored pipe_signal_{SIGPIPE};
    TempDir dir_;
    TestContext context_;
    SshSettings settings_;
    std::shared_ptr<Bridge> bridge_;
};

TEST_F(BridgeReaderTest, ConversationGoesOnAfterTheBytes) {
    for (const size_t size : {0U, 1U, 65'536U, 3'000'000U}) {
        const std::string content = noise(size);
        open(content);
        EXPECT_TRUE(read(size) == content) << size;
        EXPECT_TRUE(read(size) == content) << "again";
    }
}

TEST_F(BridgeReaderTest, FileThatWasWrittenToIsAnError) {
    for (const char* now : {"content, and more", "CONTENT"}) {
        bridge_ = Bridge::here(settings_, context_);
        open("content");
        write_file(dir_ / "image", now);
        std::filesystem::last_write_time(dir_ / "image", {});
        const Error error = error_of([&] { read(7); });
        EXPECT_EQ(error.kind(), ErrorKind::corrupt);
        EXPECT_STREQ(error.what(), "this host: img: it was written to while it was read");
    }
}

// What is on its way would be taken for the answer to the next request.
TEST_F(BridgeReaderTest, ConversationEndsWhereBytesAreLeft) {
    open(noise(3'000'000));
    std::string buffer(1000, '\0');
    reader(3'000'000)->read(std::as_writable_bytes(std::span(buffer)), context_);
    EXPECT_STREQ(error_of([&] { bridge_->ask("usage"); }).what(),
                 "this host: the connection was lost");
}

TEST_F(BridgeReaderTest, FileThatShrankIsAnError) {
    open("content");
    const Error error = error_of([&] { read(8); });
    EXPECT_EQ(error.kind(), ErrorKind::corrupt);
    EXPECT_STREQ(error.what(), "this host: img: ends after 7 of 8 bytes");
}

TEST_F(BridgeReaderTest, DiskThatCannotBeReadSaysSo) {
    write_script(
        dir_ / "bin/dd",
        "#!/bin/sh\nprintf abc; echo 'dd: error reading x: Input/output error' >&2; exit 1\n");
    open("content");
    const Error error = error_of([&] { read(7); });
    EXPECT_EQ(error.kind(), ErrorKind::unavailable);
    EXPECT_STREQ(error.what(), "this host: dd: error reading x: Input/output error");
}

TEST_F(BridgeReaderTest, ExportOfAnRbdImage) {
    rbd("case $1 in info) echo '{\"name\":\"i\",\"size\":3}';; export) printf abc;; esac");
    EXPECT_EQ(read(3, Request::export_rbd), "abc");
}

TEST_F(BridgeReaderTest, ExportThatIsNotTheWholeImage) {
    struct Case {
        const char *script, *error;
        ErrorKind kind;
    };
    for (const Case& c :
         {Case{"printf ab", "this host: img: ends after 2 of 3 bytes", ErrorKind::corrupt},
          Case{"printf abcd", "this host: img: has more than 3 bytes", ErrorKind::corrupt},
          Case{"printf ab; echo 'rbd: export error: (5) Input/output error' >&2; exit 5",
               "this host: rbd: export error: (5) Input/output error", ErrorKind::unavailable},
          Case{"printf abc; exit 1", "this host: the connection was lost",
               ErrorKind::unavailable}}) {
        bridge_ = Bridge::here(settings_, context_);
        rbd(std::string("case $1 in info) echo '{\"size\":3}';; export) ") + c.script + ";; esac");
        const Error error = error_of([&] { read(3, Request::export_rbd); });
        EXPECT_EQ(error.kind(), c.kind) << c.script;
        EXPECT_STREQ(error.what(), c.error);
    }
}

TEST_F(BridgeReaderTest, ExportThatStallsEndsWithTheConversation) {
    rbd("case $1 in info) echo '{\"size\":3}';; export) echo $$ > '" + dir_ / "pid" +
        "'; printf a; sleep 300; exit;; esac");
    auto image = reader(3, Request::export_rbd);
    std::string buffer(3, '\0');
    EXPECT_EQ(image->read(std::as_writable_bytes(std::span(buffer)), context_).size, 1U);
    const pid_t pid = std::stoi(read_file(dir_ / "pid"));
    EXPECT_FALSE(is_dead(pid));
    image.reset();
    EXPECT_TRUE(eventually([&] { return is_dead(pid); }));
}

TEST_F(BridgeReaderTest, SizesAreNumbers) {
    EXPECT_EQ(bridge_size(*bridge_, "img", "18446744073709551615"), UINT64_MAX);
    for (const char* reply : {"", "x", "1 2", "-1", "18446744073709551616"}) {
        const Error error = error_of([&, text = reply] { bridge_size(*bridge_, "img", text); });
        EXPECT_EQ(error.what(),
                  std::string("this host: img: its size is said to be '") + reply + "'");
    }
}

}  // namespace
}  // namespace onemarket::test
