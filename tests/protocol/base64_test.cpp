// SPDX-License-Identifier: Apache-2.0
#include "protocol/base64.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/support.h"

namespace onemarket {
namespace {

using std::string_literals::operator""s;

constexpr size_t kPiece = size_t{3} << 20;  // what the code hands to OpenSSL at a time

// RFC 4648 section 4, read off its table: nothing of the code under test.
std::string reference(std::string_view bytes) {
    constexpr std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    for (size_t at = 0; at < bytes.size(); at += 3) {
        uint32_t group = 0;
        for (size_t i = 0; i < 3; ++i)
            group = group << 8 | (at + i < bytes.size() ? static_cast<uint8_t>(bytes[at + i]) : 0U);
        for (size_t i = 0; i < 4; ++i)
            text += at + i > bytes.size() ? '=' : alphabet[group >> (18 - 6 * i) & 63U];
    }
    return text;
}

void expect_round_trip(const std::string& bytes) {
    const std::string text = base64_encode(bytes);
    ASSERT_EQ(text, reference(bytes));
    const Result<std::string> decoded = base64_decode(text);
    ASSERT_TRUE(decoded) << decoded.reason();
    ASSERT_EQ(*decoded, bytes);
}

TEST(Base64, VectorsOfTheRfc) {
    const std::vector<std::pair<std::string, std::string>> vectors = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
    };
    for (const auto& [bytes, text] : vectors) {
        EXPECT_EQ(base64_encode(bytes), text);
        const Result<std::string> decoded = base64_decode(text);
        ASSERT_TRUE(decoded) << text;
        EXPECT_EQ(*decoded, bytes);
    }
}

TEST(Base64, EveryByte) {
    std::string bytes;
    for (int byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
    expect_round_trip(bytes);
    for (size_t zeros = 0; zeros < 10; ++zeros) expect_round_trip(std::string(zeros, '\0'));
}

TEST(Base64, EverySmallSize) {
    for (size_t size = 0; size < 200; ++size)
        expect_round_trip(test::noise(size, static_cast<unsigned>(size)));
}

// The text of the whole is that of its parts, which are small enough to be trusted by now.
TEST(Base64, SizesAroundThePiece) {
    for (const size_t size :
         {kPiece - 1, kPiece, kPiece + 1, kPiece + 2, 2 * kPiece - 1, 2 * kPiece, 2 * kPiece + 1}) {
        const std::string bytes = test::noise(size);
        std::string expected;
        for (size_t at = 0; at < size; at += 3000)
            expected += base64_encode(bytes.substr(at, 3000));
        ASSERT_TRUE(base64_encode(bytes) == expected) << size;  // too long to be printed
        const Result<std::string> decoded = base64_decode(expected);
        ASSERT_TRUE(decoded) << decoded.reason();
        ASSERT_TRUE(*decoded == bytes) << size;
    }
}

struct BadCase {
    const char* name;
    std::string text;
};

TEST(Base64, StrictlyNothingElse) {
    const std::vector<BadCase> cases = {
        {"no padding, one byte", "Zg"},
        {"no padding, two bytes", "Zm8"},
        {"half the padding", "Zg="},
        {"one character", "Z"},
        {"five characters", "Zm9vZ"},
        {"too much padding", "Zm9v===="},
        {"one character and padding", "Z==="},
        {"only padding", "===="},
        {"two signs of padding alone", "=="},
        {"padding before the end", "Zg==Zm9v"},
        {"padding inside a group", "Zg=v"},
        {"padding at the front", "=Zm9"},
        {"inner blank", "Zm9v Zm9v"},
        {"inner blank, whole groups", "Zm9v    Zm9v"},
        {"inner newline", "Zm9v\nm9v"},
        {"line breaks of MIME", std::string(76, 'Q') + "\r\nQQ" + std::string(76, 'Q')},
        {"leading blank", " m9v"},
        {"leading blanks, a whole group", "    Zm9v"},
        {"trailing blank", "Zm9vZm9 "},
        {"trailing newline", "Zm9vZm9\n"},
        {"trailing blanks, a whole group", "Zm9v    "},
        {"url-safe minus", "ab-d"},
        {"url-safe underscore", "ab_d"},
        {"minus at the end, OpenSSL's end of text", "Zm9vZm9-"},
        {"wrong alphabet", "Zm9*"},
        {"NUL", "Zm9\0"s},
        {"NUL, a whole group", "Zm9v\0\0\0\0"s},
        {"above ASCII", "Zm9\xE9"},
        {"two words", "QUJDMONITOR  100 QUJD"},
    };
    for (const auto& c : cases) EXPECT_FALSE(base64_decode(c.text)) << c.name;
}

TEST(Base64, EveryCharacterOutsideTheAlphabetIsRefused) {
    int accepted = 0;
    for (int byte = 0; byte < 256; ++byte)
        if (base64_decode("Zm"s + static_cast<char>(byte) + "v")) ++accepted;
    EXPECT_EQ(accepted, 64);
}

TEST(Base64, StrictAtTheEdgeOfAPieceToo) {
    const std::string piece(kPiece / 3 * 4, 'Q');
    EXPECT_TRUE(base64_decode(piece + "Zg=="));
    EXPECT_FALSE(base64_decode(piece.substr(2) + "==Zm9v"));
    EXPECT_FALSE(base64_decode(piece.substr(1) + "=Zm9v"));
    EXPECT_FALSE(base64_decode(piece + "===="));
    EXPECT_FALSE(base64_decode(piece + "\nm9v"));
    EXPECT_FALSE(base64_decode(piece.substr(1) + "\nZm9v"));
    EXPECT_FALSE(base64_decode(piece + "    "));
}

}  // namespace
}  // namespace onemarket
