// SPDX-License-Identifier: Apache-2.0
// What a zip says of its entries at its end: there alone stands which of them are links, and what
// may be executed (APPNOTE.TXT, 4.3.12).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace onemarket {

struct ZipEntry {
    std::string name;   // as it stands there: to be checked before it is used
    unsigned mode = 0;  // as stat() has it; 0 where another system than Unix has packed it
};

// Of the bytes from the end of the last entry on. Throws Error (corrupt) where that is not the
// whole directory, its end record included.
std::vector<ZipEntry> zip_directory(std::string_view bytes);

}  // namespace onemarket
