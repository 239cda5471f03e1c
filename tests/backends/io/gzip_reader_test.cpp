// SPDX-License-Identifier: Apache-2.0
#include "backends/io/gzip_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "tests/backends/io/unpacking.h"

namespace onemarket {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kContent = "content of the first member, of the first member";
// By Python's gzip.compress(content, mtime=0).
const std::string kPacked(
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x4b\xce\xcf\x2b\x49\xcd\x2b\x51\xc8\x4f\x53\x28\xc9"
    "\x48\x55\x48\xcb\x2c\x2a\x2e\x51\xc8\x4d\xcd\x4d\x4a\x2d\xd2\xc1\x26\x08\x00\x9d\x7c\x40\x05"
    "\x30\x00\x00\x00"sv);
constexpr size_t kHeader = 10;

using GzipReaderTest = test::UnpackingTest<GzipReader>;

TEST_F(GzipReaderTest, GivesWhatWasPacked) {
    EXPECT_EQ(unpack(kPacked), kContent);
    EXPECT_EQ(unpack(kPacked, 1, 1), kContent);
}

TEST_F(GzipReaderTest, GivesAllMembersOneBehindTheOther) {
    const std::string twice = std::string(kContent) + std::string(kContent);
    EXPECT_EQ(unpack(kPacked + kPacked), twice);
    EXPECT_EQ(unpack(kPacked + kPacked, 1, 7), twice);
}

TEST_F(GzipReaderTest, TakesZerosBehindTheLast) {
    EXPECT_EQ(unpack(kPacked + std::string(100'000, '\0')), kContent);
    EXPECT_EQ(kind_of_failure(kPacked + std::string(100, '\0') + kPacked), ErrorKind::corrupt);
}

// The checksum and the length at its end, too.
TEST_F(GzipReaderTest, ByteThatHasFlippedIsAnError) {
    for (size_t at = kHeader; at < kPacked.size(); ++at) {
        std::string packed = kPacked;
        packed[at] = static_cast<char>(packed[at] ^ 1);
        EXPECT_EQ(kind_of_failure(packed), ErrorKind::corrupt) << at;
    }
}

TEST_F(GzipReaderTest, CutOffAnywhereIsAnError) {
    for (size_t size = 0; size < kPacked.size(); ++size)
        EXPECT_EQ(kind_of_failure(kPacked.substr(0, size)), ErrorKind::corrupt) << size;
    EXPECT_EQ(kind_of_failure(kPacked + kPacked.substr(0, 20)), ErrorKind::corrupt);
}

TEST_F(GzipReaderTest, GoingOnWithSomethingElseIsAnError) {
    EXPECT_EQ(kind_of_failure(kPacked + "more"), ErrorKind::corrupt);
}

}  // namespace
}  // namespace onemarket
