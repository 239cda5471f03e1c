// SPDX-License-Identifier: Apache-2.0
#include "backends/io/folder.h"

#include <algorithm>

#include "protocol/ascii.h"

namespace onemarket {

constexpr size_t kMaxNameBytes = 255;  // of a file system

bool is_public_name(std::string_view name) {
    return !name.empty() && name.size() <= kMaxNameBytes && name.front() != '.' &&
           std::none_of(name.begin(), name.end(),
                        [](char c) { return c == '/' || ascii::is_control(c); });
}

std::string temporary_prefix(ObjectId app) {
    return ".onemarketd-" + std::to_string(app) + "-";
}

}  // namespace onemarket
