// SPDX-License-Identifier: Apache-2.0
#include "protocol/line_buffer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <new>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace onemarket {
namespace {

using std::string_literals::operator""s;
using Lines = std::vector<std::string>;

struct Outcome {
    Lines lines;
    size_t overlong = 0;
    bool operator==(const Outcome&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Outcome& outcome) {
    return out << testing::PrintToString(outcome.lines) << ", overlong " << outcome.overlong;
}

// What comes out of the pieces, the end of the stream included.
Outcome feed(const Lines& pieces, size_t max_line) {
    LineBuffer buffer(max_line);
    Outcome outcome;
    const auto take = [&](std::string_view line) { outcome.lines.emplace_back(line); };
    for (const std::string& piece : pieces) buffer.append(piece, take);
    buffer.finish(take);
    outcome.overlong = buffer.overlong_lines();
    return outcome;
}

Lines in_pieces_of(size_t size, std::string_view text) {
    Lines pieces;
    for (size_t at = 0; at < text.size(); at += size) pieces.emplace_back(text.substr(at, size));
    return pieces;
}

struct Case {
    const char* name;
    std::string text;
    Outcome expected;
};

// With lines of at most eight bytes. What comes out does not depend on how the bytes come in.
const std::vector<Case> kCases = {
    {"nothing", "", {}},
    {"one line", "abc\n", {{"abc"}}},
    {"several lines", "a\nb\nc\n", {{"a", "b", "c"}}},
    {"blank lines", "\n\na\n\n", {{"", "", "a", ""}}},
    {"last line without newline", "a\nbc", {{"a", "bc"}}},
    {"CR is a byte of the line", "a\r\n\r\n", {{"a\r", "\r"}}},
    {"NUL and invalid UTF-8", "a\0b\n\xFF\xC3\n\0\n"s, {{"a\0b"s, "\xFF\xC3", "\0"s}}},
    {"longest line accepted", "12345678\n", {{"12345678"}}},
    {"longest line accepted, without newline", "12345678", {{"12345678"}}},
    {"over-long line does not take its successor", "123456789\nabc\n", {{"abc"}, 1}},
    {"over-long line between two", "a\n123456789\nb\n", {{"a", "b"}, 1}},
    {"over-long, then blank", "123456789\n\n", {{""}, 1}},
    {"over-long, then longest accepted", "123456789\n12345678\n", {{"12345678"}, 1}},
    {"two over-long lines", "1234567890\n123456789\na\n", {{"a"}, 2}},
    {"far over the limit", std::string(1000, 'x') + "\na\n", {{"a"}, 1}},
    {"over-long at the end, without newline", "a\n123456789", {{"a"}, 1}},
};

TEST(LineBuffer, HandsOutLines) {
    for (const auto& c : kCases) EXPECT_EQ(feed({c.text}, 8), c.expected) << c.name;
}

TEST(LineBuffer, OneByteAtATime) {
    for (const auto& c : kCases) EXPECT_EQ(feed(in_pieces_of(1, c.text), 8), c.expected) << c.name;
}

TEST(LineBuffer, CutInTwoAnywhere) {
    for (const auto& c : kCases) {
        for (size_t at = 0; at <= c.text.size(); ++at)
            ASSERT_EQ(feed({c.text.substr(0, at), c.text.substr(at)}, 8), c.expected)
                << c.name << ", cut at " << at;
    }
}

TEST(LineBuffer, CutAtRandom) {
    std::string all;
    for (const auto& c : kCases) all += c.text + "\n";
    const Outcome expected = feed({all}, 8);
    std::mt19937 random(7);
    for (int round = 0; round < 200; ++round) {
        Lines pieces;
        for (size_t at = 0; at < all.size(); at += pieces.back().size())
            pieces.push_back(all.substr(at, 1 + random() % 20));
        ASSERT_EQ(feed(pieces, 8), expected) << "round " << round;
    }
}

TEST(LineBuffer, CountsAnOverlongLineBeforeItEnds) {
    LineBuffer buffer(8);
    const auto never = [](std::string_view line) { ADD_FAILURE() << line; };
    buffer.append("12345678", never);
    EXPECT_EQ(buffer.overlong_lines(), 0U);
    buffer.append("9", never);
    EXPECT_EQ(buffer.overlong_lines(), 1U);
    buffer.append(std::string(100, 'x'), never);
    EXPECT_EQ(buffer.overlong_lines(), 1U);
}

TEST(LineBuffer, TheEndIsHandedOutOnce) {
    LineBuffer buffer(8);
    Lines lines;
    const auto take = [&](std::string_view line) { lines.emplace_back(line); };
    buffer.append("abc", take);
    EXPECT_EQ(lines, Lines{});
    buffer.finish(take);
    buffer.finish(take);
    EXPECT_EQ(lines, Lines{"abc"});
}

// A line that nobody could take, for lack of memory, comes again, and none before it.
TEST(LineBuffer, WhatWasNotTakenComesAgain) {
    for (const size_t size : {size_t{1}, size_t{3}, size_t{100}}) {
        LineBuffer buffer(8);
        Lines lines;
        bool refuses = true;
        const auto take = [&](std::string_view line) {
            refuses = !refuses;
            if (!refuses) throw std::bad_alloc();
            lines.emplace_back(line);
        };
        for (const std::string& piece : in_pieces_of(size, "abc\n\ndef\nmore than eight\ng\n")) {
            std::string_view rest = piece;
            while (!rest.empty()) try {
                    buffer.take(rest, take);
                } catch (const std::bad_alloc&) {
                    EXPECT_FALSE(rest.empty());
                }
        }
        EXPECT_EQ(lines, (Lines{"abc", "", "def", "g"}));
        EXPECT_EQ(buffer.overlong_lines(), 1U);
    }
}

TEST(LineBuffer, TwoHundredRequestsInOneWrite) {
    std::string text;
    Lines expected;
    for (int id = 0; id < 200; ++id) {
        expected.push_back("MONITOR  " + std::to_string(id) + " AAAA");
        text += expected.back() + "\n";
    }
    EXPECT_EQ(feed({text}, 1000), (Outcome{expected}));
}

TEST(LineBuffer, MegabytesInSmallPieces) {
    const std::string line(3 << 20, 'x');
    EXPECT_EQ(feed(in_pieces_of(4096, line + "\nend\n"), line.size()).lines, (Lines{line, "end"}));
}

}  // namespace
}  // namespace onemarket
