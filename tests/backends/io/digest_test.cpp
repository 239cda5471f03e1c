// SPDX-License-Identifier: Apache-2.0
#include "backends/io/digest.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "protocol/hex.h"
#include "tests/backends/helpers.h"

namespace onemarket {
namespace {

using test::error_of;

std::span<const std::byte> bytes(std::string_view text) {
    return std::as_bytes(std::span(text));
}

std::string md5(std::string_view text) {
    Digest digest("MD5");
    digest.update(bytes(text));
    return digest.finish();
}

TEST(Digest, KnownAnswers) {
    EXPECT_EQ(md5(""), "d41d8cd98f00b204e9800998ecf8427e");
    EXPECT_EQ(md5("abc"), "900150983cd24fb0d6963f7d28e17f72");
    Digest sha("SHA256");
    sha.update(bytes("abc"));
    EXPECT_EQ(sha.finish(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Digest, AgreesWithMd5sum) {
    const test::TempDir dir;
    const std::string content = test::noise(1'000'003);
    test::write_file(dir / "noise", content);
    EXPECT_EQ(md5(content), test::md5sum(dir / "noise"));
}

TEST(Digest, PiecesAreWhatTheWholeIs) {
    const std::string content = test::noise(10'000);
    for (const size_t piece : {size_t{1}, size_t{63}, size_t{64}, size_t{9'999}}) {
        Digest digest("MD5");
        for (size_t at = 0; at < content.size(); at += piece)
            digest.update(bytes(std::string_view(content).substr(at, piece)));
        EXPECT_EQ(digest.finish(), md5(content)) << "pieces of " << piece;
    }
}

TEST(Digest, ZerosAreZeroBytes) {
    for (const size_t count : {size_t{0}, size_t{1}, size_t{65'535}, size_t{65'536}, size_t{65'537},
                               size_t{3'000'001}}) {
        Digest digest("MD5");
        digest.update(bytes("before"));
        digest.update_zeros(count);
        digest.update(bytes("behind"));
        EXPECT_EQ(digest.finish(), md5("before" + std::string(count, '\0') + "behind")) << count;
    }
}

TEST(Digest, MovesWithItsState) {
    Digest digest("MD5");
    digest.update(bytes("ab"));
    Digest moved(std::move(digest));
    moved.update(bytes("c"));
    EXPECT_EQ(moved.finish(), md5("abc"));
}

TEST(Digest, BeginsAnew) {
    Digest digest("MD5");
    digest.update(std::as_bytes(std::span(std::string_view("something else"))));
    digest.begin();
    digest.update(std::as_bytes(std::span(std::string_view("abc"))));
    EXPECT_EQ(digest.finish(), "900150983cd24fb0d6963f7d28e17f72");
    digest.begin();
    EXPECT_EQ(digest.finish(), "d41d8cd98f00b204e9800998ecf8427e");
}

TEST(Digest, OfATextAtOnce) {
    EXPECT_EQ(to_hex(onemarket::md5("abc")), "900150983cd24fb0d6963f7d28e17f72");
    EXPECT_EQ(to_hex(sha256("abc")),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

// RFC 4231, test cases 1, 2 and 6.
TEST(Digest, HmacSha256) {
    EXPECT_EQ(to_hex(hmac_sha256(std::string(20, '\x0b'), "Hi There")),
              "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    EXPECT_EQ(to_hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    EXPECT_EQ(to_hex(hmac_sha256(std::string(131, '\xaa'),
                                 "Test Using Larger Than Block-Size Key - Hash Key First")),
              "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Digest, UnknownAlgorithmIsOurMistake) {
    const Error error = error_of([] { Digest digest("MD6"); });
    EXPECT_EQ(error.kind(), ErrorKind::internal);
    EXPECT_NE(std::string(error.what()).find("MD6"), std::string::npos);
}

TEST(Digest, WhatIsAnMd5) {
    EXPECT_TRUE(is_md5("d41d8cd98f00b204e9800998ecf8427e"));
    EXPECT_TRUE(is_md5("D41D8CD98F00B204E9800998ECF8427E"));
    for (const char* text :
         {"", "-", "d41d8cd98f00b204e9800998ecf8427", "d41d8cd98f00b204e9800998ecf8427e0",
          "d41d8cd98f00b204e9800998ecf8427g", " d41d8cd98f00b204e9800998ecf8427",
          "00000000-0000-0000-0000-00000000"})
        EXPECT_FALSE(is_md5(text)) << text;
}

}  // namespace
}  // namespace onemarket
