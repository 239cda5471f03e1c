// SPDX-License-Identifier: Apache-2.0
#include "backends/io/first_bytes.h"

#include <gtest/gtest.h>

#include "tests/backends/helpers.h"

namespace onemarket::test {
namespace {

// One hole, as long as can be.
class HoleReader : public Reader {
  public:
    Piece read(std::span<std::byte>, Context&) override { return {uint64_t{1} << 60, true}; }
};

std::string first_of(const std::string& text, uint64_t most) {
    TestContext context;
    FirstBytes reader(std::make_unique<TextReader>(text, BeforePiece{}, 3), most);
    return read_all(reader, context, 5);
}

TEST(FirstBytes, EndsAfterSoMany) {
    EXPECT_EQ(first_of("0123456789", 0), "");
    EXPECT_EQ(first_of("0123456789", 1), "0");
    EXPECT_EQ(first_of("0123456789", 7), "0123456");
    EXPECT_EQ(first_of("0123456789", 10), "0123456789");
    EXPECT_EQ(first_of("0123456789", uint64_t{1} << 60), "0123456789");
    EXPECT_EQ(first_of("", 5), "");
}

TEST(FirstBytes, WhatComesBehindIsNotLookedAt) {
    TestContext context;
    FirstBytes reader(std::make_unique<TextReader>("0123456789", fail_at(6), 3), 6);
    EXPECT_EQ(read_all(reader, context), "012345");
    FirstBytes none(std::make_unique<TextReader>("x", fail_at(0)), 0);
    EXPECT_EQ(read_all(none, context), "");
}

TEST(FirstBytes, AHoleIsCutShort) {
    TestContext context;
    FirstBytes reader(std::make_unique<HoleReader>(), 1'000'000'000'000);
    std::vector<std::byte> buffer(10);
    const Piece piece = reader.read(buffer, context);
    EXPECT_TRUE(piece.hole);
    EXPECT_EQ(piece.size, 1'000'000'000'000U);
    EXPECT_EQ(reader.read(buffer, context).size, 0U);
}

}  // namespace
}  // namespace onemarket::test
