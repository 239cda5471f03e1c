// SPDX-License-Identifier: Apache-2.0
// What a zip says of its entries at its end: there alone stands which of them are links, what may
// be executed, and for certain how long they are (APPNOTE.TXT, 4.3.12).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace onemarket {

struct ZipEntry {
    std::string name;   // as it stands there: to be checked before it is used
    unsigned mode = 0;  // as stat() has it; 0 where another system than Unix has packed it
    // Bytes, unpacked; of 4 GiB and more what is beyond a multiple of that, or nothing.
    std::optional<uint32_t> size;
};

// Of the bytes from the end of the last entry on. Throws Error (corrupt) where that is not the
// whole directory, its end record included.
std::vector<ZipEntry> zip_directory(std::string_view bytes);

}  // namespace onemarket
