// SPDX-License-Identifier: Apache-2.0
// Small files, read whole.
#pragma once

#include <cstddef>
#include <string>

#include "protocol/error.h"

namespace onemarket {

// More than any file that people write by hand.
inline constexpr size_t kMaxTextFile = size_t{1} << 20;

// The file's bytes, or a device's. Throws Error "<path>: <reason>": not_found when there is none,
// limit when it is longer than `most` bytes; also for a folder, and for a FIFO, which could be
// waited for for ever.
std::string read_text_file(const std::string& path, size_t most = kMaxTextFile);

// The same, empty when it cannot be read.
std::string read_text_file_or_empty(const std::string& path);

}  // namespace onemarket
