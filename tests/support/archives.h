// SPDX-License-Identifier: Apache-2.0
// Compressed files and archives as other programs make them: not by the library under test.
#pragma once

#include <string>

#include "tests/support/support.h"

namespace onemarket::test {

// Whether gzip, bzip2, xz or zstd is installed; without it tests say so and skip.
bool has_packer(const std::string& program);
// The content as that program packs it.
std::string packed(const std::string& program, const std::string& content);

// What Python's tarfile writes. The script's words:
//   add(name, content=b'', type=FILE, **attributes of TarInfo); type: FOLDER, FIFO, DEVICE
//   symlink(name, to), hardlink(name, to)
std::string tar_of(const std::string& script);
// What Python's zipfile writes. The script's words:
//   add(name, content=b'', **attributes of ZipInfo)
// `seekable`: false where sizes stand behind the content, as in what was written to a pipe.
std::string zip_of(const std::string& script, bool seekable = true);

}  // namespace onemarket::test
