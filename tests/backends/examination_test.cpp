// SPDX-License-Identifier: Apache-2.0
#include "backends/examination.h"

#include <gtest/gtest.h>

#include "backends/io/digest.h"
#include "protocol/hex.h"
#include "tests/backends/helpers.h"

namespace onemarket {
namespace {

using test::noise;
using test::TestContext;
using test::TextReader;

class ExaminationTest : public testing::Test {
  protected:
    std::string differ(const Manifest& manifest, const std::string& bytes, size_t piece = 65'536) {
        TextReader reader(bytes, {}, piece);
        return differences(
            manifest, reader, [this](uint64_t got) { told_ = got; }, context_);
    }
    static std::string of_parts(const std::string& bytes, size_t part) {
        std::string hashes;
        size_t count = 0;
        for (size_t at = 0; at < bytes.size(); at += part, ++count)
            hashes += sha256(std::string_view(bytes).substr(at, part));
        return to_hex(sha256(hashes)) + "-" + std::to_string(count);
    }

    TestContext context_;
    uint64_t told_ = 0;
    const std::string bytes_ = noise(1'000'000);
};

TEST_F(ExaminationTest, SaysWhatDiffersAndNothingElse) {
    Manifest manifest;
    manifest.bytes = bytes_.size();
    manifest.md5 = to_hex(md5(bytes_));
    manifest.sha256 = to_hex(sha256(bytes_));
    EXPECT_EQ(differ(manifest, bytes_), "");
    EXPECT_EQ(told_, bytes_.size());
    std::string other = bytes_;
    other[999'999] ^= 1;
    EXPECT_EQ(differ(manifest, other), "MD5 is " + to_hex(md5(other)) + ", noted is " +
                                           manifest.md5 + "; SHA-256 is " + to_hex(sha256(other)) +
                                           ", noted is " + manifest.sha256);
    EXPECT_TRUE(differ(manifest, "").starts_with("size is 0, noted is 1000000; MD5 is"));
    manifest.sha256 = "";
    EXPECT_EQ(differ(manifest, other),
              "MD5 is " + to_hex(md5(other)) + ", noted is " + manifest.md5);
}

TEST_F(ExaminationTest, PartsAreCutAgain) {
    for (const size_t part : {size_t{7'777}, size_t{65'536}, size_t{100'000}, size_t{1'000'000}}) {
        Manifest manifest;
        manifest.part_bytes = part;
        manifest.sha256_of_parts = of_parts(bytes_, part);
        EXPECT_EQ(differ(manifest, bytes_), "") << part;
        EXPECT_EQ(differ(manifest, bytes_, 1'000), "") << part;
        std::string other = bytes_;
        other[0] ^= 1;
        EXPECT_TRUE(differ(manifest, other).starts_with("SHA-256 of the parts is")) << part;
    }
}

// Parts that grew: their size is not noted.
TEST_F(ExaminationTest, PartsOfAnotherNumberProveNothing) {
    Manifest manifest;
    manifest.part_bytes = 1'000;
    manifest.sha256_of_parts = std::string(64, 'a') + "-3";
    EXPECT_EQ(differ(manifest, bytes_), "");
}

}  // namespace
}  // namespace onemarket
