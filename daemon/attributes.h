// SPDX-License-Identifier: Apache-2.0
// What a file has beside its bytes and its mode.
#pragma once

#include <string>

namespace onemarket {

// Gives the open file the owner, the group and the extended attributes of the one at the path,
// POSIX ACLs and SELinux labels among them; nothing where there is none. What could not be given,
// in words; empty where all of it was.
std::string copy_attributes(const std::string& from, int to);

}  // namespace onemarket
