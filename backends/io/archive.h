// SPDX-License-Identifier: Apache-2.0
// Compressed images, and archives of files: unpacked by libarchive, gzip and xz by their own
// readers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "backends/io/archive_kind.h"
#include "backends/io/stream.h"

namespace onemarket {

// What the unpacked bytes may come to, whatever the packed ones are: a few kilobytes can stand for
// as much as one likes.
struct UnpackLimits {
    uint64_t bytes = uint64_t{4} << 40;
    uint64_t entries = 100'000;  // of an archive
};

// The bytes of a compressed source: of all its members, one behind the other. One that is cut off
// or damaged is an Error (corrupt), as is one that goes on with something else. What comes out is
// not unpacked once more.
std::unique_ptr<Reader> decompressed(std::unique_ptr<Reader> packed, Compression compression,
                                     const UnpackLimits& limits);

// Unpacks an archive into the folder, which is there and empty, and reads it to its end. Only
// files, folders and links that stay within it: an absolute name, one with "..", a link that could
// lead out or a device is an Error (corrupt) and leaves the folder as it is by then. Owners, setuid
// bits and what the umask forbids are not taken over. The process's working folder is another one
// meanwhile.
void extract_archive(Reader& from, ArchiveKind kind, const std::string& folder,
                     const UnpackLimits& limits, Context& context);

}  // namespace onemarket
