// SPDX-License-Identifier: Apache-2.0
// The header of a disk image: one that needs another file is never published, and little is read.
#include "backends/io/image_format.h"

#include <algorithm>
#include <array>

#include "backends/io/stream.h"
#include "tests/fuzz/fuzz.h"

namespace onemarket::fuzz {
namespace {

constexpr std::array<std::string_view, 10> kFormats = {"raw", "qcow2", "qcow", "qed",  "vmdk",
                                                       "vdi", "vpc",   "vhdx", "luks", "parallels"};
constexpr size_t kMostAtATime = size_t{64} << 10;

uint64_t big(std::string_view bytes, size_t at, size_t size) {
    uint64_t value = 0;
    for (size_t i = at; i < at + size && i < bytes.size(); ++i)
        value = value << 8 | static_cast<unsigned char>(bytes[i]);
    return value;
}

// What a qcow2 of version 2 or 3 says, looked at once more.
bool is_qcow2_with_backing(std::string_view bytes) {
    const bool is_qcow2 = bytes.starts_with("QFI\xfb") && bytes.size() >= 104 &&
                          (big(bytes, 4, 4) == 2 || big(bytes, 4, 4) == 3);
    return is_qcow2 && big(bytes, 8, 8) != 0;
}

}  // namespace

void one_input(std::string_view input) {
    const MemoryBytes bytes(input);
    const ImageFormat found = probe_image_format([&](uint64_t at, std::span<std::byte> buffer) {
        must(buffer.size() <= kMostAtATime, "little is read");
        return bytes.read_at(at, buffer);
    });
    must(std::find(kFormats.begin(), kFormats.end(), found.name) != kFormats.end(),
         "a format is one that qemu-img knows");
    must(found.other_file.empty() == found.other_file_role.empty(),
         "another file is named with what it is for");
    must(is_one_line(found.other_file), "another file's name is one line");
    must(!is_qcow2_with_backing(input) || !found.other_file.empty(), "a backing file is seen");
    for (const std::string_view declared : kFormats) {
        const std::string fault = publishing_fault(std::string(declared), found);
        must(found.other_file.empty() || !fault.empty(), "what needs another file is refused");
        must(
            declared == found.name || (declared == "raw" && found.name == "luks") || !fault.empty(),
            "what is another format than was said is refused");
    }
    must(found.other_file.empty() || !publishing_fault("", found).empty(),
         "what needs another file is refused");
}

}  // namespace onemarket::fuzz
