// SPDX-License-Identifier: Apache-2.0
// Names in an archive, which somebody made who may mean harm. Nothing here looks at a disk.
#pragma once

#include <cstddef>
#include <filesystem>

namespace onemarket {

// Below the folder, whatever the links in it are.
bool stays_within(const std::filesystem::path& name);

// A link's target may climb first, but not out of the folder; then no more, since what looks like a
// folder on its way may be a link.
bool leads_within(const std::filesystem::path& link, const std::filesystem::path& target);

// The same for every way to write a name that stays within.
std::filesystem::path plain_name(const std::filesystem::path& name);

// How many parts it has.
size_t depth_of(const std::filesystem::path& name);

}  // namespace onemarket
