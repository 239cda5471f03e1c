// SPDX-License-Identifier: Apache-2.0
#include "backends/io/archive_kind.h"

#include <gtest/gtest.h>

#include "tests/support/archives.h"

namespace onemarket {
namespace {

using test::tar_of;
using test::zip_of;

std::span<const std::byte> bytes_of(const std::string& text) {
    return std::as_bytes(std::span(text));
}

TEST(ArchiveKind, KnownByItsFirstBytes) {
    EXPECT_EQ(compression_of({}), Compression::none);
    EXPECT_EQ(compression_of(bytes_of("BZhello world, this is text")), Compression::none);
    EXPECT_EQ(compression_of(bytes_of("QFI\xfb")), Compression::none);
    const std::string skipped("\x5a\x2a\x4d\x18\x03\0\0\0abc", 11);
    EXPECT_EQ(compression_of(bytes_of(skipped + skipped + "\x28\xb5\x2f\xfd")), Compression::zstd);
    for (const std::string& other : {skipped, skipped.substr(0, 7), skipped + "QFI\xfb"})
        EXPECT_EQ(compression_of(bytes_of(other)), Compression::none);
    // What comes behind such frames may be too far away to be seen.
    for (const char length : {'\xf7', '\xf5', '\xf4', '\xff'}) {
        const std::string far = std::string("\x50\x2a\x4d\x18") + length +
                                std::string("\x01\0\0", 3) + std::string(kFrontBytes, 'x');
        const std::string front = far.substr(0, kFrontBytes);
        EXPECT_EQ(compression_of(bytes_of(front)),
                  length == '\xf4' ? Compression::none : Compression::zstd);
        EXPECT_EQ(compression_of(bytes_of(front.substr(1))), Compression::none);
    }
    EXPECT_EQ(archive_kind_of({}), ArchiveKind::none);
    EXPECT_EQ(archive_kind_of(bytes_of(std::string(512, '\0'))), ArchiveKind::none);
    const std::string tar = tar_of("add('a')");
    EXPECT_EQ(archive_kind_of(bytes_of(tar).first(kFrontBytes)), ArchiveKind::tar);
    EXPECT_EQ(archive_kind_of(bytes_of(tar).first(kFrontBytes - 1)), ArchiveKind::none);
    EXPECT_EQ(archive_kind_of(bytes_of(zip_of("add('a')"))), ArchiveKind::zip);
}

}  // namespace
}  // namespace onemarket
