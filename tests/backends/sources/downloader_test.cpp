// SPDX-License-Identifier: Apache-2.0
#include "backends/sources/downloader.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "backends/io/pump.h"
#include "tests/backends/helpers.h"

namespace onemarket {
namespace {

using std::chrono::seconds;
using test::error_of;
using test::Stopwatch;
using test::TestContext;

class Downloader : public testing::Test {
  protected:
    void script(const std::string& content) { site_.script("datastore/downloader.sh", content); }

    std::unique_ptr<Reader> open(const std::string& location = "rbd://pool/one-3") {
        ImageFacts facts;
        facts.location = location;
        return DownloaderSource(std::move(facts), site_.site).open(context_);
    }
    std::string read_all() { return test::read_all(*open(), context_); }
    std::string path() const { return site_.site.remotes + "/datastore/downloader.sh"; }

    test::Ignored pipe_signal_{SIGPIPE};
    test::TestSite site_;
    TestContext context_;
};

TEST_F(Downloader, IsAskedForTheBytesAsTheyAre) {
    script("#!/bin/sh\nfor a; do printf '[%s]' \"$a\"; done; wc -c\n");
    EXPECT_EQ(read_all(), "[--nodecomp][rbd://pool/one-3][-]0\n");
}

TEST_F(Downloader, OddLocationsReachItAsTheyAre) {
    script("#!/bin/sh\nprintf %s \"$2\"\n");
    for (const std::string location :
         {"http://host/a b?x=$(touch x)&y='\"", "s3://b/caf\xc3\xa9;ls", "ssh://h:/*", "a\nb"})
        EXPECT_EQ(test::read_all(*open(location), context_), location);
}

TEST_F(Downloader, LocationThatLooksLikeAnOptionIsRefused) {
    script("#!/bin/sh\ntouch $HERE/ran\n");
    for (const std::string location : {"-x", "--convert", "-"}) {
        const Error error = error_of([&] { open(location); });
        EXPECT_EQ(error.kind(), ErrorKind::bad_request);
        EXPECT_EQ(error.what(), "source " + location + " looks like an option");
    }
    EXPECT_FALSE(std::filesystem::exists(site_.dir / "ran"));
}

TEST_F(Downloader, StreamsManyMegabytes) {
    const std::string content = test::noise((5 << 20) + 1);
    test::write_file(site_.dir / "content", content);
    script("#!/bin/sh\nexec cat $HERE/content\n");
    EXPECT_TRUE(read_all() == content);
}

TEST_F(Downloader, NoBytesAtAll) {
    script("#!/bin/sh\n");
    EXPECT_EQ(read_all(), "");
}

TEST_F(Downloader, HasNoFileOfItsOwn) {
    script("#!/bin/sh\n");
    const auto reader = open();
    EXPECT_EQ(reader->file(), -1);
    EXPECT_EQ(reader->allocated(), 0U);
}

TEST_F(Downloader, FailureAfterHalfTheBytesIsNoShortImage) {
    script("#!/bin/sh\nhead -c 300000 /dev/zero\necho connection lost >&2\nexit 1\n");
    const Error error = error_of([&] { read_all(); });
    EXPECT_EQ(error.kind(), ErrorKind::unavailable);
    EXPECT_STREQ(error.what(), "connection lost");
}

TEST_F(Downloader, KilledByASignal) {
    script("#!/bin/sh\necho half\nkill -9 $$\n");
    EXPECT_EQ(error_of([&] { read_all(); }).what(), path() + " killed by signal 9");
}

TEST_F(Downloader, SilentFailure) {
    script("#!/bin/sh\nexit 22\n");
    EXPECT_EQ(error_of([&] { read_all(); }).what(), path() + " failed with exit status 22");
}

TEST_F(Downloader, LogLinesAreLogged) {
    script("#!/bin/sh\necho INFO: resolving >&2\necho content\n");
    EXPECT_EQ(read_all(), "content\n");
    EXPECT_TRUE(context_.log.contains("resolving"));
}

TEST_F(Downloader, ThatIsMissing) {
    EXPECT_EQ(error_of([&] { read_all(); }).what(), path() + ": No such file or directory");
}

TEST_F(Downloader, ThatStallsMeetsTheIdleDeadline) {
    script("#!/bin/sh\necho begin\nexec sleep 600\n");
    TestContext context(5, {seconds(1), true});
    ImageFacts facts;
    facts.location = "http://host/x";
    DownloaderSource source(std::move(facts), site_.site);
    const Stopwatch watch;
    const Error error = error_of([&] { test::read_all(*source.open(context), context); });
    EXPECT_EQ(error.kind(), ErrorKind::timeout);
    EXPECT_LT(watch.seconds(), 5);
}

TEST_F(Downloader, IsGoneWithItsReader) {
    script("#!/bin/sh\necho $$ >$HERE/pid\necho up\nexec sleep 600\n");
    {
        const auto reader = open();
        std::array<std::byte, 16> buffer{};
        EXPECT_EQ(reader->read(buffer, context_).size, 3U);
    }
    EXPECT_TRUE(test::is_dead(std::stoi(site_.left("pid"))));
}

TEST_F(Downloader, EndStaysTheEnd) {
    script("#!/bin/sh\necho x\n");
    const auto reader = open();
    EXPECT_EQ(test::read_all(*reader, context_), "x\n");
    EXPECT_EQ(test::read_all(*reader, context_), "");
}

}  // namespace
}  // namespace onemarket
