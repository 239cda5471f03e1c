// SPDX-License-Identifier: Apache-2.0
#include "backends/io/xz_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "tests/backends/io/unpacking.h"

namespace onemarket {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kContent = "content of the first stream, of the first stream";
// By Python's lzma.compress(content).
const std::string kPacked(
    "\xfd\x37\x7a\x58\x5a\x00\x00\x04\xe6\xd6\xb4\x46\x02\x00\x21\x01\x16\x00\x00\x00\x74\x2f"
    "\xe5\xa3\xe0\x00\x2f\x00\x21\x5d\x00\x31\x9b\xca\x19\xda\xed\xa4\xf2\xbb\x7c\x5b\xf7\xa0"
    "\x6f\xd8\x4e\x66\x47\xdf\x25\x38\xe3\x92\xd9\x3f\xc1\xb2\xd7\xcc\x4c\xff\xa0\x00\x00\x00"
    "\x00\x00\x9d\xf0\x7e\xd5\x45\x48\x2d\x47\x00\x01\x3d\x30\x39\xcd\xb7\x6c\x1f\xb6\xf3\x7d"
    "\x01\x00\x00\x00\x00\x04\x59\x5a"sv);
// Where its one block says how large a dictionary it needs, and the checksum of the block's head.
constexpr size_t kBlock = 12, kDictionary = 16, kChecksum = 20;

using XzReaderTest = test::UnpackingTest<XzReader>;

// The same, with a dictionary of that code: 33 is 384 MiB, 34 is 512 MiB.
std::string with_dictionary(char code, std::string_view checksum) {
    std::string packed = kPacked;
    packed[kDictionary] = code;
    return packed.replace(kChecksum, checksum.size(), checksum);
}
const std::string kMuch = with_dictionary(33, "\x6c\xef\x19\xce"sv);
const std::string kTooMuch = with_dictionary(34, "\x82\x40\xac\xdc"sv);

TEST_F(XzReaderTest, GivesWhatWasPacked) {
    EXPECT_EQ(unpack(kPacked), kContent);
    EXPECT_EQ(unpack(kPacked, 1, 1), kContent);
}

TEST_F(XzReaderTest, GivesAllStreamsOneBehindTheOther) {
    const std::string twice = std::string(kContent) + std::string(kContent);
    EXPECT_EQ(unpack(kPacked + kPacked), twice);
    EXPECT_EQ(unpack(kPacked + std::string(8, '\0') + kPacked, 1, 7), twice);
}

TEST_F(XzReaderTest, ByteThatHasFlippedIsAnError) {
    for (size_t at = 0; at < kPacked.size(); ++at) {
        std::string packed = kPacked;
        packed[at] = static_cast<char>(packed[at] ^ 1);
        EXPECT_EQ(error(packed).kind(), ErrorKind::corrupt) << at;
    }
}

TEST_F(XzReaderTest, CutOffAnywhereIsAnError) {
    for (size_t size = 0; size < kPacked.size(); ++size)
        EXPECT_STREQ(error(kPacked.substr(0, size)).what(), "the packed image is cut off") << size;
    EXPECT_EQ(error(kPacked + kPacked.substr(0, 20)).kind(), ErrorKind::corrupt);
}

TEST_F(XzReaderTest, GoingOnWithSomethingElseIsAnError) {
    for (const char* more : {"more", "something longer than a head"})
        EXPECT_EQ(error(kPacked + more).kind(), ErrorKind::corrupt);
}

// Whichever of its streams asks for it.
TEST_F(XzReaderTest, NoMoreMemoryThanItMayHave) {
    ASSERT_EQ(kPacked.substr(kBlock, 4), "\x02\0\x21\x01"sv);
    EXPECT_EQ(unpack(kMuch), kContent);
    for (const std::string& packed : {kTooMuch, kPacked + kTooMuch}) {
        const Error refused = error(packed);
        EXPECT_EQ(refused.kind(), ErrorKind::limit);
        EXPECT_STREQ(refused.what(),
                     "the packed image needs 513 MiB of memory to be unpacked, more than 512 MiB");
    }
}

}  // namespace
}  // namespace onemarket
