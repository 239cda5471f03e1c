// SPDX-License-Identifier: Apache-2.0
// Small files and folders, by their paths: what those who keep something in the driver's own
// folder, or elsewhere, have in common.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "backends/io/unique_fd.h"

namespace onemarket {

// Makes the folder, for its owner alone, as which one that is there is made too. Throws Error.
void make_state_folder(const std::string& path);

// Writes all of the text. Throws Error that begins with `path`.
void write_all(int fd, std::string_view text, const std::string& path);

// Puts a text in a file's place, in one step, by way of `unfinished`, a name beside it. Not synced.
// Returns the file. Throws Error, and leaves nothing.
UniqueFd replace_file(const std::string& path, const std::string& unfinished, std::string_view text,
                      mode_t mode);

// Whether the open file still has the name, and no link has it. While it is open its number is
// nobody else's.
bool is_at(const UniqueFd& file, const std::string& path);

// Makes a file in the folder, with bytes that are on disk, and removes it. Throws Error where that
// does not go.
void try_folder(const std::string& path);

// The names in it, those that are there and those that are gone, are on the disk. Throws Error.
void sync_folder(const std::string& path);

// The names in a folder, in no order, but for `.` and `..`; one that is not there has none. Throws
// Error.
std::vector<std::string> names_in(const std::string& folder);

}  // namespace onemarket
