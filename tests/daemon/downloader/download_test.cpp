// SPDX-License-Identifier: Apache-2.0
#include "daemon/downloader/download.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <future>
#include <thread>

#include "backends/io/digest.h"
#include "protocol/hex.h"
#include "tests/backends/helpers.h"
#include "tests/support/archives.h"
#include "tests/support/http_server.h"

namespace onemarket {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using test::HttpAsked;
using test::HttpGiven;
using test::HttpServer;
using test::noise;
using test::packed;
using test::read_file;
using test::write_file;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

const std::string kContent = noise(300'001) + std::string(1'000'000, '\0') + noise(7);
constexpr size_t kConnections = 3;

class DownloadTest : public testing::Test {
  protected:
    DownloadTest() {
        options_.source = dir_ / "source";
        options_.destination = dir_ / "out/image";
        fs::create_directories(dir_ / "out");
        site_.site.retries = {3, std::chrono::milliseconds(1), std::chrono::milliseconds(2)};
    }
    void source(const std::string& content) { write_file(dir_ / "source", content); }
    void serve(HttpServer::Answer answer) {
        server_ = std::make_unique<HttpServer>(answer);
        options_.source = server_->url() + "/image";
    }
    void run() {
        ShownProgress progress([](std::string_view) {}, false, "test");
        download(options_,
                 *DriverMessage::parse("<MARKET_DRIVER_ACTION_DATA>" + credentials_ +
                                       "</MARKET_DRIVER_ACTION_DATA>"),
                 download_site(site_.site, options_, kConnections), progress, context_);
    }
    Error error() {
        return error_of([&] { run(); });
    }
    std::string result() {
        run();
        EXPECT_THAT(left(), ElementsAre("image"));
        return read_file(options_.destination);
    }
    std::vector<std::string> left() const { return test::list(dir_ / "out"); }
    static ExpectedHash md5_of(const std::string& content) { return {"MD5", to_hex(md5(content))}; }
    static ExpectedHash sha256_of(const std::string& content) {
        return {"SHA256", to_hex(sha256(content))};
    }

    test::Ignored pipe_signal_{SIGPIPE};
    test::TempDir dir_;
    test::TestSite site_;
    DownloaderOptions options_;
    std::string credentials_;  // elements of the message
    test::TestContext context_;
    std::unique_ptr<HttpServer> server_;
};

TEST_F(DownloadTest, AFile) {
    source(kContent);
    EXPECT_TRUE(result() == kContent);
}

TEST_F(DownloadTest, NothingIsAnEmptyFile) {
    source("");
    EXPECT_EQ(result(), "");
}

TEST_F(DownloadTest, APathOfThisFolder) {
    source(kContent);
    const fs::path before = fs::current_path();
    fs::current_path(dir_.path());
    options_.source = "source";
    options_.destination = "out/image";
    EXPECT_TRUE(result() == kContent);
    fs::current_path(before);
}

TEST_F(DownloadTest, ZerosTakeNoRoom) {
    serve([](const HttpAsked& asked) {
        return test::give_file(asked, "begin" + std::string(20 << 20, '\0'), "\"1\"");
    });
    run();
    struct stat status {};
    ASSERT_EQ(::stat(options_.destination.c_str(), &status), 0);
    EXPECT_EQ(status.st_size, (20 << 20) + 5);
    EXPECT_LT(status.st_blocks, 2000);
}

TEST_F(DownloadTest, ToAStream) {
    source(kContent);
    options_.destination = dir_ / "fifo";
    ASSERT_EQ(::mkfifo(options_.destination.c_str(), 0600), 0);
    auto got = std::async(std::launch::async, [&] { return read_file(dir_ / "fifo"); });
    run();
    EXPECT_TRUE(got.get() == kContent);
}

// ---- Hashes ----

TEST_F(DownloadTest, HashesAreOfTheBytesAsTheyCame) {
    const ExpectedHash sha1{"SHA1", test::output_of("printf content | sha1sum").substr(0, 40)};
    for (const std::string& bytes : {std::string("content"), packed("gzip", "content")}) {
        source(bytes);
        options_.hashes = {md5_of(bytes), sha256_of(bytes)};
        if (bytes == "content") options_.hashes.push_back(sha1);
        EXPECT_EQ(result(), "content");
    }
}

TEST_F(DownloadTest, AHashThatDiffersLeavesNothing) {
    const std::string tar = test::tar_of("add('a', b'content')");
    for (const std::string& bytes :
         {kContent, packed("gzip", kContent), tar, packed("gzip", tar), packed("gzip", "")}) {
        source(bytes);
        for (const auto& hashes : std::vector<std::vector<ExpectedHash>>{
                 {md5_of("x")}, {md5_of(bytes), sha256_of("x")}, {sha256_of("x"), md5_of(bytes)}}) {
            options_.hashes = hashes;
            const Error failure = error();
            EXPECT_EQ(failure.kind(), ErrorKind::corrupt);
            EXPECT_THAT(failure.what(), StartsWith("Hash does not match: "));
            EXPECT_THAT(left(), IsEmpty());
        }
    }
    options_.hashes = {md5_of("x")};
    source("content");
    EXPECT_EQ(error().what(),
              "Hash does not match: MD5 is " + md5_of("content").hex + ", not " + md5_of("x").hex);
}

TEST_F(DownloadTest, AHashThatDiffersLeavesWhatWasThere) {
    source(kContent);
    write_file(options_.destination, "old");
    options_.hashes = {md5_of("x")};
    error();
    EXPECT_EQ(read_file(options_.destination), "old");
    EXPECT_THAT(left(), ElementsAre("image"));
}

// ---- Unpacking ----

TEST_F(DownloadTest, CompressedImages) {
    for (const char* program : {"gzip", "bzip2", "xz", "zstd"}) {
        if (!test::has_packer(program)) continue;
        const std::string once = packed(program, kContent);
        source(once);
        options_.unpack = true;
        EXPECT_TRUE(result() == kContent) << program;
        options_.unpack = false;
        EXPECT_TRUE(result() == once) << program;
        source(packed(program, once));
        options_.unpack = true;
        EXPECT_TRUE(result() == once) << program;
    }
}

TEST_F(DownloadTest, ArchivesBecomeFolders) {
    const std::string script = "add('a', b'content')\nadd('d/b', b'deep')";
    const std::string tar = test::tar_of(script);
    for (const std::string& bytes : {tar, packed("gzip", tar), test::zip_of(script)}) {
        source(bytes);
        options_.hashes = {md5_of(bytes), sha256_of(bytes)};
        run();
        EXPECT_THAT(left(), ElementsAre("image"));
        EXPECT_THAT(test::list(dir_ / "out/image"), ElementsAre("a", "d"));
        EXPECT_EQ(read_file(dir_ / "out/image/d/b"), "deep");
        fs::remove_all(dir_ / "out/image");
        options_.unpack = false;
        EXPECT_TRUE(result() == bytes);
        fs::remove_all(dir_ / "out/image");
        options_.unpack = true;
    }
}

TEST_F(DownloadTest, ToAStreamAnArchiveGoesAsItIs) {
    const std::string tar = test::tar_of("add('a', b'content')");
    source(packed("gzip", tar));
    options_.destination = dir_ / "fifo";
    ASSERT_EQ(::mkfifo(options_.destination.c_str(), 0600), 0);
    auto got = std::async(std::launch::async, [&] { return read_file(dir_ / "fifo"); });
    run();
    EXPECT_TRUE(got.get() == tar);
}

TEST_F(DownloadTest, AnArchiveThatIsRefusedLeavesNothing) {
    source(test::tar_of("add('before', b'x')\nadd('../out/x', b'x')"));
    const Error failure = error();
    EXPECT_EQ(failure.kind(), ErrorKind::corrupt);
    EXPECT_STREQ(failure.what(),
                 "Error uncompressing archive: '../out/x' is no name of something within the "
                 "archive");
    EXPECT_THAT(left(), IsEmpty());
}

TEST_F(DownloadTest, AFolderWhosePlaceIsTaken) {
    source(test::tar_of("add('new', b'x')"));
    write_file(dir_ / "out/image/old", "x");
    EXPECT_THAT(error().what(), StartsWith("Error uncompressing archive: "));
    EXPECT_THAT(left(), ElementsAre("image"));
    EXPECT_THAT(test::list(dir_ / "out/image"), ElementsAre("old"));
}

// ---- Only the begin ----

TEST_F(DownloadTest, TheFirstBytes) {
    const std::string tar = test::tar_of("add('a', b'content')");
    for (const uint64_t most : {0U, 1U, 511U, 512U, 513U, 1000U, 100'000'000U}) {
        options_.most = most;
        source(kContent);
        EXPECT_TRUE(result() == kContent.substr(0, most)) << most;
        source(packed("gzip", kContent));
        EXPECT_TRUE(result() == kContent.substr(0, most)) << most;
        source(tar);
        EXPECT_TRUE(result() == tar.substr(0, most)) << most;
    }
}

TEST_F(DownloadTest, WhatComesBehindThemIsNotWaitedFor) {
    serve([](const HttpAsked& asked) {
        HttpGiven given = test::give_file(asked, noise(4'000'000), "\"1\"");
        given.stall = !asked.headers.contains("range");
        return given;
    });
    options_.most = 100'000;
    EXPECT_TRUE(result() == noise(4'000'000).substr(0, 100'000));
}

// ---- The web ----

TEST_F(DownloadTest, FromTheWeb) {
    std::atomic<int> breaks = 0;
    serve([&](const HttpAsked& asked) {
        HttpGiven given = test::give_file(asked, kContent, "\"1\"");
        given.cut = asked.headers.contains("range") ? false : breaks++ < 1;
        return given;
    });
    options_.hashes = {md5_of(kContent)};
    EXPECT_TRUE(result() == kContent);
}

TEST_F(DownloadTest, WhatTheSiteHasToKnow) {
    const Site plain = download_site(site_.site, options_, kConnections);
    EXPECT_EQ(plain.downloader, "datastore/downloader.stock.sh");
    EXPECT_EQ(plain.source_connections, kConnections);
    EXPECT_EQ(plain.retries.attempts, 3);
    options_.rate = 1;
    options_.retry = false;
    const Site other = download_site(site_.site, options_, kConnections);
    EXPECT_EQ(other.source_connections, 1U);
    EXPECT_EQ(other.retries.attempts, 1);
    options_.rate.reset();
    options_.most = 1;
    EXPECT_EQ(download_site(site_.site, options_, kConnections).source_connections, 1U);
    EXPECT_EQ(plain.downloader_path(), site_.site.remotes + "/datastore/downloader.stock.sh");
    EXPECT_EQ(download_site(site_.site, options_, 1, "/a b/stock").downloader_path(), "/a b/stock");
}

TEST_F(DownloadTest, OnceIsOnce) {
    serve([](const HttpAsked&) { return HttpGiven{"503 Busy", {}, {}}; });
    options_.retry = false;
    error();
    EXPECT_EQ(server_->asked().size(), 1U);
}

TEST_F(DownloadTest, ARateIsKept) {
    source(noise(100'000));
    options_.rate = 100'000;
    const test::Stopwatch watch;
    run();
    EXPECT_GE(watch.seconds(), 0.85);
}

// Over a line zeros are bytes.
TEST_F(DownloadTest, ARateIsKeptForZerosToo) {
    const std::string zeros(1'000'000, '\0');
    serve([&](const HttpAsked& asked) { return test::give_file(asked, zeros, "\"1\""); });
    options_.rate = 1'000'000;
    const test::Stopwatch watch;
    run();
    EXPECT_GE(watch.seconds(), 0.85);
}

TEST_F(DownloadTest, AFileThatIsWrittenToMeanwhile) {
    source(noise(200'000));
    options_.rate = 200'000;
    const std::jthread writer([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(300));
        std::ofstream(dir_ / "source", std::ios::app) << "more";
    });
    const Error failure = error();
    EXPECT_EQ(failure.kind(), ErrorKind::corrupt);
    EXPECT_EQ(failure.what(),
              "Error copying: " + options_.source + ": it was written to while it was read");
    EXPECT_THAT(left(), IsEmpty());
}

// It puts them into commands.
TEST_F(DownloadTest, ToTheSitesOwnNothingGoesThatAShellWouldRead) {
    site_.script("datastore/downloader.stock.sh", "#!/bin/sh\necho bytes\n");
    for (const char* bad : {"lxd://$(touch y)", "lxd://`touch y`", "x://a\"b", "x://a'b", "x://a\\",
                            "x://a;b", "x://a|b", "x://a\nb", "x://a>b", "s3://b/$x"}) {
        options_.source = bad;
        EXPECT_THAT(error().what(), HasSubstr("characters a shell would read")) << bad;
        EXPECT_THAT(left(), IsEmpty());
    }
    options_.source = "docker://a:1?size=2&fs=ext4#%20~";
    EXPECT_EQ(result(), "bytes\n");
}

TEST_F(DownloadTest, S3WithoutCredentialsSaysWhichAreMissing) {
    options_.source = "s3://bucket/key";
    EXPECT_EQ(error().what(),
              "Error copying: no ACCESS_KEY_ID and SECRET_ACCESS_KEY in DRV_ACTION, "
              "and no " +
                  site_.site.remotes + "/datastore/downloader.stock.sh");
    credentials_ =
        "<MARKETPLACE><TEMPLATE><ACCESS_KEY_ID>a</ACCESS_KEY_ID></TEMPLATE></MARKETPLACE>";
    EXPECT_STREQ(error().what(),
                 "Error copying: SECRET_ACCESS_KEY is missing in the marketplace's template");
    credentials_ =
        "<DATASTORE><TEMPLATE><SECRET_ACCESS_KEY>a</SECRET_ACCESS_KEY></TEMPLATE></DATASTORE>";
    EXPECT_STREQ(error().what(),
                 "Error copying: ACCESS_KEY_ID is missing in the datastore's template");
}

TEST_F(DownloadTest, EveryFailureIsInTheScriptsWords) {
    EXPECT_EQ(in_script_words("x"), "Error copying: x");
    for (const char* words : {"Cannot read from x", "Hash does not match: x", "Error copying: x",
                              "Error uncompressing archive: x"})
        EXPECT_EQ(in_script_words(words), words);
    // A folder nobody can look into.
    source(kContent);
    options_.destination = dir_ / std::string(300, 'x') + "/image";
    EXPECT_THAT(error().what(), StartsWith("Error copying: "));
}

TEST_F(DownloadTest, WhatIsWrongWithThePackedImageHasItsName) {
    source(packed("gzip", kContent).substr(0, 1000));
    EXPECT_EQ(error().what(),
              "Error copying: " + options_.source + ": the packed image is cut off");
    serve([&](const HttpAsked&) {
        return HttpGiven{"200 OK", {}, packed("gzip", kContent).substr(0, 1000)};
    });
    const std::string address = options_.source;
    options_.source = "http://user:secret" + ("@" + address.substr(7)) + "?token=secret";
    EXPECT_EQ(error().what(), "Error copying: " + address + ": the packed image is cut off");
}

TEST_F(DownloadTest, WhatIsNotBuiltInIsTheSitesOwn) {
    site_.script("datastore/downloader.stock.sh",
                 "#!/bin/sh\necho \"$@\" >$HERE/args\necho bytes\n");
    options_.source = "lxd://x";
    EXPECT_EQ(result(), "bytes\n");
    EXPECT_EQ(site_.left("args"), "--nodecomp lxd://x -\n");
}

// ---- Failures ----

TEST_F(DownloadTest, NothingToRead) {
    EXPECT_EQ(error().what(),
              "Cannot read from " + options_.source + ": No such file or directory");
    serve([](const HttpAsked&) { return HttpGiven{"404 Not Found", {}, {}}; });
    const Error failure = error();
    EXPECT_EQ(failure.kind(), ErrorKind::not_found);
    EXPECT_EQ(failure.what(), "Error copying: " + options_.source + ": HTTP 404 Not Found");
    EXPECT_THAT(left(), IsEmpty());
}

TEST_F(DownloadTest, WhatBreaksHalfwayLeavesNothing) {
    for (const std::string& content : {kContent, packed("gzip", noise(500'000))}) {
        serve([&](const HttpAsked& asked) {
            HttpGiven given = test::give_file(asked, content, "");  // no version
            given.cut = !asked.headers.contains("range");
            return given;
        });
        options_.hashes = {md5_of(content)};
        const Error failure = error();
        EXPECT_EQ(failure.kind(), ErrorKind::unavailable);
        EXPECT_THAT(failure.what(), StartsWith("Error copying: " + options_.source));
        EXPECT_THAT(left(), IsEmpty());
    }
}

TEST_F(DownloadTest, WhatIsDamagedLeavesNothing) {
    for (const std::string& content : {kContent, std::string("short"), std::string()}) {
        const std::string whole = packed("gzip", content);
        source(whole.substr(0, whole.size() - 1));
        const Error failure = error();
        EXPECT_EQ(failure.kind(), ErrorKind::corrupt);
        EXPECT_THAT(failure.what(), StartsWith("Error copying: "));
        EXPECT_THAT(left(), IsEmpty());
    }
}

TEST_F(DownloadTest, AFullDiskLeavesNothing) {
    source(kContent);
    options_.hashes = {md5_of(kContent)};
    const test::FullDisk full(100'000);
    const Error failure = error();
    EXPECT_EQ(failure.kind(), ErrorKind::no_space);
    EXPECT_THAT(failure.what(), StartsWith("Error copying: " + options_.destination));
    EXPECT_THAT(left(), IsEmpty());
}

TEST_F(DownloadTest, NowhereToWrite) {
    source(kContent);
    options_.destination = dir_ / "no/image";
    EXPECT_EQ(error().what(),
              "Error copying: folder " + dir_ / "no" + ": No such file or directory");
}

TEST_F(DownloadTest, CancelLeavesNothing) {
    serve([&](const HttpAsked& asked) {
        HttpGiven given = test::give_file(asked, kContent, "\"1\"");
        given.stall = !asked.headers.contains("range");
        if (given.stall) context_.stop.request_stop();
        return given;
    });
    EXPECT_EQ(error().kind(), ErrorKind::cancelled);
    EXPECT_THAT(left(), IsEmpty());
}

}  // namespace
}  // namespace onemarket
