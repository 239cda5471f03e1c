// SPDX-License-Identifier: Apache-2.0
#include "backends/io/zip_directory.h"

#include <algorithm>

#include "protocol/error.h"

namespace onemarket {
namespace {

constexpr std::string_view kHeader("PK\x01\x02", 4);
constexpr std::string_view kEnd("PK\x05\x06", 4);
constexpr size_t kHeaderBytes = 46;
constexpr size_t kEndBytes = 22;
constexpr size_t kEndEntries = 10;       // where it says how many there are
constexpr unsigned kElsewhere = 0xffff;  // that another record does
constexpr uint32_t kSizeElsewhere = 0xffffffff;
constexpr unsigned kUnix = 3, kMacOs = 19;

[[noreturn]] void cut_off() {
    throw Error(ErrorKind::corrupt, "the archive is cut off");
}

// Two bytes of it.
unsigned number_at(std::string_view bytes, size_t at) {
    return static_cast<unsigned char>(bytes[at]) +
           (static_cast<unsigned>(static_cast<unsigned char>(bytes[at + 1])) << 8);
}

// Behind the entries another record comes: a signature, one of a large archive, or the end's own.
void check_end(std::string_view bytes, size_t entries) {
    if (!bytes.starts_with("PK\x05") && !bytes.starts_with("PK\x06")) cut_off();
    bytes.remove_prefix(std::min(bytes.find(kEnd), bytes.size()));
    if (bytes.size() < kEndBytes) cut_off();
    if (bytes.size() - kEndBytes < number_at(bytes, kEndBytes - 2)) cut_off();  // its comment
    const unsigned said = number_at(bytes, kEndEntries);
    // Some count on from 0 where there is no room for more.
    if (said != kElsewhere && said != (entries & 0xffff))
        throw Error(ErrorKind::corrupt, "the archive's directory has " + std::to_string(entries) +
                                            " entries, and its end says " + std::to_string(said));
}

}  // namespace

std::vector<ZipEntry> zip_directory(std::string_view bytes) {
    const size_t begin = bytes.find(kHeader);
    if (begin == std::string_view::npos) cut_off();
    bytes.remove_prefix(begin);
    std::vector<ZipEntry> entries;
    while (bytes.starts_with(kHeader)) {
        if (bytes.size() < kHeaderBytes) cut_off();
        const size_t name = number_at(bytes, 28);
        const size_t whole =
            kHeaderBytes + name + number_at(bytes, 30) + number_at(bytes, 32);  // extra, comment
        if (bytes.size() < whole) cut_off();
        const unsigned system = number_at(bytes, 4) >> 8;
        const bool has_mode = system == kUnix || system == kMacOs;
        ZipEntry& entry = entries.emplace_back();
        entry.name = bytes.substr(kHeaderBytes, name);
        if (has_mode) entry.mode = number_at(bytes, 40);
        const uint32_t size = number_at(bytes, 24) | number_at(bytes, 26) << 16;
        if (size != kSizeElsewhere) entry.size = size;
        bytes.remove_prefix(whole);
    }
    check_end(bytes, entries.size());
    return entries;
}

}  // namespace onemarket
