// SPDX-License-Identifier: Apache-2.0
#include "backends/io/archive_kind.h"

#include <cstdint>
#include <string_view>

#include "backends/io/stream.h"

namespace onemarket {
namespace {

// Frames that are to be skipped may come first: pzstd's. Where they are all there is, what follows
// cannot be looked at.
bool is_zstd(std::string_view text) {
    using namespace std::string_view_literals;
    constexpr auto magic = "\x28\xb5\x2f\xfd"sv;
    constexpr size_t head = 8;  // of such a frame: its magic, and the length of what follows
    const bool goes_on = text.size() >= kFrontBytes;
    while (text.size() >= head && (text[0] & 0xf0) == 0x50 && text.substr(1, 3) == "\x2a\x4d\x18") {
        uint64_t size = 0;
        for (size_t i = head; i-- > 4;) size = size << 8 | static_cast<unsigned char>(text[i]);
        if (head + size + magic.size() > text.size()) return goes_on;
        text.remove_prefix(head + size);
    }
    return text.starts_with(magic);
}

}  // namespace

Compression compression_of(std::span<const std::byte> front) {
    using namespace std::string_view_literals;
    const std::string_view text = as_text(front);
    if (text.starts_with("\x1f\x8b\x08"sv)) return Compression::gzip;
    if (text.starts_with("BZh"sv) && (text.substr(0, 10).ends_with("1AY&SY"sv) ||
                                      text.substr(0, 10).ends_with("\x17\x72\x45\x38\x50\x90"sv)))
        return Compression::bzip2;  // the second has nothing in it
    if (text.starts_with("\xfd"
                         "7zXZ\0"sv))
        return Compression::xz;
    if (is_zstd(text)) return Compression::zstd;
    return Compression::none;
}

ArchiveKind archive_kind_of(std::span<const std::byte> front) {
    constexpr size_t magic = 257;  // POSIX.1, pax: the ustar header
    const std::string_view text = as_text(front);
    if (text.size() >= kFrontBytes && text.substr(magic).starts_with("ustar"))
        return ArchiveKind::tar;
    if (text.starts_with("PK\x03\x04")) return ArchiveKind::zip;
    return ArchiveKind::none;
}

}  // namespace onemarket
