// SPDX-License-Identifier: Apache-2.0
// Whether what comes is packed, or an archive.
#pragma once

#include <cstddef>
#include <span>

namespace onemarket {

// By what the first bytes are known for what they are (RFC 1952, 8878; the formats' own documents).
inline constexpr size_t kFrontBytes = 512;

enum class Compression { none, gzip, bzip2, xz, zstd };
Compression compression_of(std::span<const std::byte> front);

enum class ArchiveKind { none, tar, zip };
ArchiveKind archive_kind_of(std::span<const std::byte> front);

}  // namespace onemarket
