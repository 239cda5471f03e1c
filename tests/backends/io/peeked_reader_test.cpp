// SPDX-License-Identifier: Apache-2.0
#include "backends/io/peeked_reader.h"

#include <gtest/gtest.h>

#include "tests/backends/helpers.h"

namespace onemarket::test {
namespace {

// Data and holes by turns, of these sizes.
class TurnsReader : public Reader {
  public:
    explicit TurnsReader(std::vector<uint64_t> sizes) : sizes_(std::move(sizes)) {}
    Piece read(std::span<std::byte> buffer, Context&) override {
        while (next_ < sizes_.size() && sizes_[next_] == 0) ++next_;
        if (next_ == sizes_.size()) return {};
        const bool hole = next_ % 2 == 1;
        const uint64_t size =
            hole ? sizes_[next_] : std::min<uint64_t>(sizes_[next_], buffer.size());
        if (!hole) std::fill_n(buffer.begin(), size, std::byte{'x'});
        sizes_[next_] -= size;
        return {size, hole};
    }
    uint64_t allocated() const override { return 77; }
    std::optional<uint64_t> length() const override { return 88; }

  private:
    std::vector<uint64_t> sizes_;
    size_t next_ = 0;
};

class PeekedReaderTest : public testing::Test {
  protected:
    std::string front_of(const PeekedReader& reader) const {
        const auto front = reader.front();
        return {reinterpret_cast<const char*>(front.data()), front.size()};
    }
    TestContext context_;
};

TEST_F(PeekedReaderTest, FrontIsNotTakenAway) {
    const std::string text = noise(10'000);
    for (const size_t bytes :
         {size_t{0}, size_t{1}, size_t{512}, size_t{9'999}, size_t{10'000}, size_t{20'000}}) {
        for (const size_t piece : {size_t{1}, size_t{500}, size_t{20'000}}) {
            PeekedReader reader(std::make_unique<TextReader>(text, BeforePiece{}, piece), bytes,
                                context_);
            EXPECT_TRUE(front_of(reader) == text.substr(0, bytes)) << bytes;
            EXPECT_TRUE(read_all(reader, context_, 700) == text) << bytes << " " << piece;
            EXPECT_TRUE(front_of(reader) == text.substr(0, bytes)) << bytes;
        }
    }
}

TEST_F(PeekedReaderTest, AnEmptySourceHasNoFront) {
    PeekedReader reader(std::make_unique<TextReader>(""), 512, context_);
    EXPECT_EQ(front_of(reader), "");
    EXPECT_EQ(read_all(reader, context_), "");
}

TEST_F(PeekedReaderTest, NotReadFurtherThanTheFront) {
    PeekedReader reader(std::make_unique<TextReader>(noise(1000), fail_at(512), 64), 512, context_);
    EXPECT_EQ(reader.front().size(), 512U);
}

TEST_F(PeekedReaderTest, AHoleThatBeginsInTheFrontGoesOn) {
    const std::string expected = "xxx" + std::string(1'000'000, '\0') + "xxxx";
    for (const size_t bytes : {1U, 3U, 4U, 512U}) {
        PeekedReader reader(std::make_unique<TurnsReader>(std::vector<uint64_t>{3, 1'000'000, 4}),
                            bytes, context_);
        EXPECT_TRUE(front_of(reader) == expected.substr(0, bytes)) << bytes;
        EXPECT_TRUE(read_all(reader, context_) == expected) << bytes;
    }
}

TEST_F(PeekedReaderTest, ItsRestIsStillAHole) {
    PeekedReader reader(std::make_unique<TurnsReader>(std::vector<uint64_t>{0, 1'000'000}), 512,
                        context_);
    std::vector<std::byte> buffer(10'000);
    EXPECT_EQ(reader.read(buffer, context_).size, 512U);
    const Piece rest = reader.read(buffer, context_);
    EXPECT_TRUE(rest.hole);
    EXPECT_EQ(rest.size, 1'000'000U - 512U);
}

TEST_F(PeekedReaderTest, HolesWithinTheFront) {
    PeekedReader reader(std::make_unique<TurnsReader>(std::vector<uint64_t>{3, 4, 3, 2, 1}), 512,
                        context_);
    EXPECT_EQ(read_all(reader, context_), std::string("xxx\0\0\0\0xxx\0\0x", 13));
}

TEST_F(PeekedReaderTest, SizesAreTheOthers) {
    const PeekedReader reader(std::make_unique<TurnsReader>(std::vector<uint64_t>{1}), 512,
                              context_);
    EXPECT_EQ(reader.allocated(), 77U);
    EXPECT_EQ(reader.length(), 88U);
}

TEST_F(PeekedReaderTest, ErrorsAreTheOthers) {
    EXPECT_STREQ(error_of([&] {
                     PeekedReader(std::make_unique<TextReader>("x", fail_at(0)), 1, context_);
                 }).what(),
                 "the source broke");
}

}  // namespace
}  // namespace onemarket::test
