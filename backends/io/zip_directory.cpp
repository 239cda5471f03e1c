// SPDX-License-Identifier: Apache-2.0
#include "backends/io/zip_directory.h"

#include "protocol/error.h"

namespace onemarket {
namespace {

constexpr std::string_view kHeader("PK\x01\x02", 4);
constexpr size_t kHeaderBytes = 46;
constexpr unsigned kUnix = 3, kMacOs = 19;

[[noreturn]] void cut_off() {
    throw Error(ErrorKind::corrupt, "the archive is cut off");
}

// Two bytes of it.
unsigned number_at(std::string_view bytes, size_t at) {
    return static_cast<unsigned char>(bytes[at]) +
           (static_cast<unsigned>(static_cast<unsigned char>(bytes[at + 1])) << 8);
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
        entries.push_back(
            {std::string(bytes.substr(kHeaderBytes, name)), has_mode ? number_at(bytes, 40) : 0});
        bytes.remove_prefix(whole);
    }
    // Another record ends it: a signature, or one of the ends there are.
    if (!bytes.starts_with("PK\x05") && !bytes.starts_with("PK\x06")) cut_off();
    return entries;
}

}  // namespace onemarket
