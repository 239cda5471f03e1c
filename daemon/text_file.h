// SPDX-License-Identifier: Apache-2.0
// Small files, read whole.
#pragma once

#include <string>

#include "protocol/error.h"

namespace onemarket {

// The file's bytes. Throws Error "<path>: <reason>"; not_found when there is none.
std::string read_text_file(const std::string& path);

// The same, empty when it cannot be read.
std::string read_text_file_or_empty(const std::string& path);

}  // namespace onemarket
