// SPDX-License-Identifier: Apache-2.0
#include "backends/io/paced_reader.h"

#include <gtest/gtest.h>

#include "backends/io/sparse_reader.h"
#include "tests/backends/helpers.h"

namespace onemarket::test {
namespace {

using std::chrono::milliseconds;

// A hole, then nothing.
class HoleReader : public Reader {
  public:
    Piece read(std::span<std::byte>, Context&) override { return {std::exchange(left_, 0), true}; }
    std::optional<uint64_t> length() const override { return 88; }
    bool changed() const override { return true; }
    uint64_t allocated() const override { return 77; }

  private:
    uint64_t left_ = uint64_t{1} << 50;
};

std::shared_ptr<Bandwidth> at(uint64_t rate) {
    return std::make_shared<Bandwidth>(rate);
}

class PacedReaderTest : public testing::Test {
  protected:
    TestContext context_;
};

TEST_F(PacedReaderTest, NotQuickerThanTheRate) {
    const std::string text = noise(150'000);
    PacedReader reader(std::make_unique<TextReader>(text), at(100'000));
    const Stopwatch watch;
    EXPECT_TRUE(read_all(reader, context_) == text);
    // But for what was asked for at the last time.
    EXPECT_GE(watch.seconds(), 1.35);
    EXPECT_LT(watch.seconds(), 10);
}

// At no moment, too.
TEST_F(PacedReaderTest, NeverMoreThanTheTimeAllows) {
    PacedReader reader(std::make_unique<TextReader>(noise(100'000)), at(100'000));
    const Stopwatch watch;
    std::vector<std::byte> buffer(65'536);
    size_t given = 0;
    while (const size_t got = reader.read(buffer, context_).size) {
        // What came before this piece was allowed to.
        EXPECT_LE(static_cast<double>(given), watch.seconds() * 100'000 + 1);
        EXPECT_LE(got, 10'000U);
        given += got;
    }
    EXPECT_EQ(given, 100'000U);
}

TEST_F(PacedReaderTest, AHighRateDoesNotWait) {
    const std::string text = noise(10'000'000);
    const Stopwatch watch;
    for (const uint64_t rate : {uint64_t{1} << 40, ~uint64_t{0}}) {
        PacedReader reader(std::make_unique<TextReader>(text), at(rate));
        EXPECT_TRUE(read_all(reader, context_) == text);
    }
    EXPECT_LT(watch.seconds(), 5);
}

TEST_F(PacedReaderTest, AHoleCostsNothing) {
    PacedReader reader(std::make_unique<HoleReader>(), at(1));
    std::vector<std::byte> buffer(10);
    const Stopwatch watch;
    EXPECT_TRUE(reader.read(buffer, context_).hole);
    EXPECT_EQ(reader.read(buffer, context_).size, 0U);
    EXPECT_LT(watch.seconds(), 5);
    EXPECT_EQ(reader.length(), 88U);
    EXPECT_EQ(reader.allocated(), 77U);
    EXPECT_TRUE(reader.changed());
}

TEST_F(PacedReaderTest, ZerosThatCameOverALineCount) {
    const std::string zeros(4'000'000, '\0');
    PacedReader reader(std::make_unique<SparseReader>(std::make_unique<TextReader>(zeros)),
                       at(4'000'000));
    std::vector<std::byte> buffer(65'536);
    const Stopwatch watch;
    uint64_t given = 0;
    while (const uint64_t size = reader.read(buffer, context_).size) given += size;
    EXPECT_EQ(given, zeros.size());
    EXPECT_GE(watch.seconds(), 0.7);
}

TEST_F(PacedReaderTest, CancelIsHeardWhileItWaits) {
    PacedReader reader(std::make_unique<TextReader>(noise(100'000)), at(1));
    std::vector<std::byte> buffer(1000);
    ASSERT_EQ(reader.read(buffer, context_).size, 512U);  // the next is due in minutes
    const Stopwatch watch;
    std::jthread canceller([&] { context_.stop.request_stop(); });
    EXPECT_EQ(error_of([&] { reader.read(buffer, context_); }).kind(), ErrorKind::cancelled);
    EXPECT_LT(watch.seconds(), 2);
}

// One that was slow for long does not make up for it.
TEST_F(PacedReaderTest, NoMoreCreditThanASecond) {
    bool waited = false;
    PacedReader reader(
        std::make_unique<TextReader>(noise(400'000),
                                     [&](uint64_t, Context&) {
                                         if (std::exchange(waited, true)) return;
                                         std::this_thread::sleep_for(milliseconds(1500));
                                     }),
        at(200'000));
    std::vector<std::byte> buffer(65'536);
    reader.read(buffer, context_);
    const Stopwatch watch;
    size_t given = 0;
    while (given < 200'000) given += reader.read(buffer, context_).size;
    EXPECT_GE(watch.seconds(), 0.85);
}

// Two that share it, together.
TEST_F(PacedReaderTest, ManyShareOneRate) {
    const auto bandwidth = at(100'000);
    const Stopwatch watch;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 3; ++i)
            threads.emplace_back([&] {
                TestContext context;
                PacedReader reader(std::make_unique<TextReader>(noise(60'000)), bandwidth);
                EXPECT_EQ(read_all(reader, context).size(), 60'000U);
            });
    }
    // But for the last read of each.
    EXPECT_GE(watch.seconds(), 1.45);
}

// The limit is lifted while one waits.
TEST_F(PacedReaderTest, ANewRateIsHeardAtOnce) {
    const auto bandwidth = at(1);
    PacedReader reader(std::make_unique<TextReader>(noise(100'000)), bandwidth);
    const Stopwatch watch;
    std::jthread lifter([&] {
        std::this_thread::sleep_for(milliseconds(100));
        bandwidth->set(0);
    });
    EXPECT_EQ(read_all(reader, context_).size(), 100'000U);
    EXPECT_LT(watch.seconds(), 10);
}

}  // namespace
}  // namespace onemarket::test
