// SPDX-License-Identifier: Apache-2.0
#include "backends/io/archive_names.h"

#include <algorithm>

namespace onemarket {
namespace {

bool is_named(const std::filesystem::path& part) {
    return !part.empty() && part != ".";
}

}  // namespace

bool stays_within(const std::filesystem::path& name) {
    if (name.empty() || name.is_absolute()) return false;
    return std::none_of(name.begin(), name.end(), [](const auto& part) { return part == ".."; });
}

bool leads_within(const std::filesystem::path& link, const std::filesystem::path& target) {
    if (target.empty() || target.is_absolute()) return false;
    ptrdiff_t folders = static_cast<ptrdiff_t>(depth_of(link)) - 1;  // around the link
    bool climbs = true;
    for (const auto& part : target) {
        if (!is_named(part)) continue;
        if (part != "..")
            climbs = false;
        else if (!climbs || --folders < 0)
            return false;
    }
    return true;
}

std::filesystem::path plain_name(const std::filesystem::path& name) {
    std::filesystem::path plain;
    for (const auto& part : name)
        if (is_named(part)) plain /= part;
    return plain;
}

size_t depth_of(const std::filesystem::path& name) {
    return static_cast<size_t>(std::count_if(name.begin(), name.end(), is_named));
}

}  // namespace onemarket
