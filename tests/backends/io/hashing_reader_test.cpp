// SPDX-License-Identifier: Apache-2.0
// HashThread too, which it is made of; see pump_test.cpp as well.
#include "backends/io/hashing_reader.h"

#include <gtest/gtest.h>

#include "backends/io/file_reader.h"
#include "backends/io/pump.h"
#include "protocol/hex.h"
#include "tests/backends/helpers.h"

namespace onemarket::test {
namespace {

class HashingReaderTest : public testing::Test {
  protected:
    TempDir dir_;
    TestContext context_;
    Digest md5_{"MD5"};
};

TEST_F(HashingReaderTest, GivesTheBytesAndTheirHash) {
    for (const size_t size : {size_t{0}, size_t{1}, size_t{65'535}, size_t{65'536}, size_t{65'537},
                              size_t{20'000'003}}) {
        const std::string text = noise(size);
        for (const size_t buffer : {size_t{1000}, size_t{300'000}}) {
            HashingReader reader(std::make_unique<TextReader>(text, BeforePiece{}, 70'000), md5_);
            EXPECT_TRUE(read_all(reader, context_, buffer) == text) << size;
            EXPECT_EQ(md5_.finish(), to_hex(md5(text))) << size;
            md5_.begin();
        }
    }
}

TEST_F(HashingReaderTest, HolesPassAndAreHashedAsZeros) {
    write_file(dir_ / "image", "begin");
    std::filesystem::resize_file(dir_ / "image", size_t{50} << 20);
    auto file = std::make_unique<FileReader>(dir_ / "image");
    const bool sparse = file->allocated() < file->size();
    HashingReader reader(std::move(file), md5_);
    std::vector<std::byte> buffer(65'536);
    uint64_t total = 0, holes = 0;
    while (const uint64_t size = [&] {
        const Piece piece = reader.read(buffer, context_);
        if (piece.hole) holes += piece.size;
        return piece.size;
    }())
        total += size;
    EXPECT_EQ(total, uint64_t{50} << 20);
    if (sparse) {
        EXPECT_GT(holes, uint64_t{49} << 20);
    }
    EXPECT_EQ(md5_.finish(), md5sum(dir_ / "image"));
}

TEST_F(HashingReaderTest, OneBehindTheOther) {
    const std::string text = noise(3'000'000);
    Digest sha256_digest("SHA256");
    HashingReader reader(
        std::make_unique<HashingReader>(std::make_unique<TextReader>(text), sha256_digest), md5_);
    EXPECT_TRUE(read_all(reader, context_) == text);
    EXPECT_EQ(md5_.finish(), to_hex(md5(text)));
    EXPECT_EQ(sha256_digest.finish(), to_hex(sha256(text)));
}

TEST_F(HashingReaderTest, TheEndIsTheEnd) {
    HashingReader reader(std::make_unique<TextReader>("text"), md5_);
    read_all(reader, context_);
    EXPECT_EQ(read_all(reader, context_), "");
    EXPECT_EQ(md5_.finish(), to_hex(md5("text")));
}

TEST_F(HashingReaderTest, ErrorsAreTheOthers) {
    for (const uint64_t where : {uint64_t{0}, uint64_t{10'000'000}}) {
        HashingReader reader(std::make_unique<TextReader>(noise(20'000'000), fail_at(where)), md5_);
        EXPECT_STREQ(error_of([&] { read_all(reader, context_); }).what(), "the source broke");
    }
}

// Whoever asks for no more joins a thread that has much to do.
TEST_F(HashingReaderTest, LeavesNoThreadBehindHalfRead) {
    const auto threads = [] { return list("/proc/self/task").size(); };
    const size_t before = threads();
    for (const size_t size : {0U, 1U, 100'000U, 3'000'000U}) {
        HashingReader reader(std::make_unique<TextReader>(noise(4'000'000)), md5_);
        std::vector<std::byte> buffer(65'536);
        for (size_t got = 0; got < size;) got += reader.read(buffer, context_).size;
    }
    EXPECT_TRUE(eventually([&] { return threads() <= before; }));
}

TEST_F(HashingReaderTest, CancelWithinAHole) {
    write_file(dir_ / "image", "");
    std::filesystem::resize_file(dir_ / "image", uint64_t{1} << 42);
    HashingReader reader(std::make_unique<FileReader>(dir_ / "image"), md5_);
    std::vector<std::byte> buffer(10);
    const Stopwatch watch;
    std::jthread canceller([&] { context_.stop.request_stop(); });
    EXPECT_EQ(error_of([&] { reader.read(buffer, context_); }).kind(), ErrorKind::cancelled);
    EXPECT_LT(watch.seconds(), 10);
}

}  // namespace
}  // namespace onemarket::test
