// SPDX-License-Identifier: Apache-2.0
#include "backends/io/dense_reader.h"

#include <gtest/gtest.h>

#include "tests/backends/helpers.h"

namespace onemarket::test {
namespace {

// A hole between two texts.
class HoleReader : public Reader {
  public:
    Piece read(std::span<std::byte> buffer, Context& context) override {
        if (const Piece piece = before_.read(buffer, context); piece.size > 0) return piece;
        if (hole_ > 0) return {std::exchange(hole_, 0), true};
        return after_.read(buffer, context);
    }

  private:
    TextReader before_{"before"}, after_{"after"};
    uint64_t hole_ = 1'000'003;
};

TEST(DenseReader, HolesAreZeros) {
    for (const size_t size : {size_t{1}, size_t{1000}, size_t{5'000'000}}) {
        TestContext context;
        HoleReader holes;
        DenseReader reader(holes);
        std::string text, buffer(size, 'x');
        while (true) {
            const Piece piece = reader.read(std::as_writable_bytes(std::span(buffer)), context);
            EXPECT_FALSE(piece.hole);
            if (piece.size == 0) break;
            text.append(buffer, 0, piece.size);
        }
        EXPECT_TRUE(text == "before" + std::string(1'000'003, '\0') + "after") << size;
    }
}

TEST(DenseReader, ErrorsAreTheOthers) {
    TestContext context;
    TextReader broken("x", fail_at(0));
    DenseReader reader(broken);
    EXPECT_STREQ(error_of([&] { read_all(reader, context); }).what(), "the source broke");
}

}  // namespace
}  // namespace onemarket::test
