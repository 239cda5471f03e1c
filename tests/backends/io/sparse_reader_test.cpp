// SPDX-License-Identifier: Apache-2.0
#include "backends/io/sparse_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "backends/io/pump.h"
#include "tests/backends/helpers.h"

namespace onemarket::test {
namespace {

constexpr size_t kBlock = size_t{64} << 10;

// Gives these pieces.
class PieceReader : public Reader {
  public:
    explicit PieceReader(std::vector<Piece> pieces) : pieces_(std::move(pieces)) {}
    Piece read(std::span<std::byte> buffer, Context&) override {
        if (next_ == pieces_.size()) return {};
        Piece piece = pieces_[next_++];
        if (!piece.hole) std::fill_n(buffer.begin(), piece.size, std::byte{'x'});
        return piece;
    }
    uint64_t allocated() const override { return 77; }

  private:
    std::vector<Piece> pieces_;
    size_t next_ = 0;
};

class SparseReaderTest : public testing::Test {
  protected:
    // As "data 5 hole 3": what it makes of a text that comes in pieces of that size.
    std::string pieces(const std::string& text, size_t piece, size_t buffer_size = kBlock) {
        SparseReader reader(std::make_unique<TextReader>(text, BeforePiece{}, piece));
        return pieces_of(reader, buffer_size);
    }
    std::string pieces_of(Reader& reader, size_t buffer_size = kBlock) {
        std::string said;
        std::string buffer(buffer_size, '\0');
        while (true) {
            const Piece got = reader.read(std::as_writable_bytes(std::span(buffer)), context_);
            if (got.size == 0) return said;
            said += (got.hole ? "hole " : "data ") + std::to_string(got.size) + " ";
        }
    }

    TestContext context_;
};

TEST_F(SparseReaderTest, BufferOfZerosIsAHole) {
    const std::string zeros(kBlock, '\0');
    EXPECT_EQ(pieces(zeros + noise(kBlock) + zeros, 1000), "hole 65536 data 65536 hole 65536 ");
    EXPECT_EQ(pieces(zeros, 1), "hole 65536 ");
    EXPECT_EQ(pieces(zeros + zeros, kBlock, 2 * kBlock), "hole 131072 ");
}

TEST_F(SparseReaderTest, OneByteMakesItData) {
    for (const size_t at : {size_t{0}, size_t{1}, kBlock / 2, kBlock - 1}) {
        std::string text(kBlock, '\0');
        text[at] = 'x';
        EXPECT_EQ(pieces(text, 5000), "data 65536 ") << at;
    }
}

TEST_F(SparseReaderTest, FewZerosAreData) {
    EXPECT_EQ(pieces(std::string(kBlock - 1, '\0'), 1000), "data 65535 ");
    EXPECT_EQ(pieces(std::string(10, '\0'), 1000, 1),
              "data 1 data 1 data 1 data 1 data 1 data 1 "
              "data 1 data 1 data 1 data 1 ");
    EXPECT_EQ(pieces("", 1000), "");
}

TEST_F(SparseReaderTest, HolesThatAreKnownStayWhereTheyAre) {
    SparseReader reader(std::make_unique<PieceReader>(
        std::vector<Piece>{{5, true}, {3, false}, {4, false}, {1 << 30, true}, {2, false}}));
    EXPECT_EQ(pieces_of(reader), "hole 5 data 7 hole 1073741824 data 2 ");
    EXPECT_EQ(reader.allocated(), 77U);
}

TEST_F(SparseReaderTest, HashIsThatOfTheBytes) {
    const std::string text =
        std::string(300'000, '\0') + noise(100'000) + std::string(200'001, '\0');
    Digest with("MD5"), without("MD5");
    NullSink nowhere;
    SparseReader sparse(std::make_unique<TextReader>(text, BeforePiece{}, 777));
    TextReader plain(text, BeforePiece{}, 777);
    EXPECT_EQ(pump(sparse, nowhere, with, context_), text.size());
    pump(plain, nowhere, without, context_);
    EXPECT_EQ(with.finish(), without.finish());
}

TEST_F(SparseReaderTest, ErrorOfTheOtherReaderIsItsOwn) {
    SparseReader reader(
        std::make_unique<TextReader>(std::string(kBlock, '\0'), fail_at(1000), 1000));
    EXPECT_STREQ(error_of([&] { pieces_of(reader); }).what(), "the source broke");
}

}  // namespace
}  // namespace onemarket::test
