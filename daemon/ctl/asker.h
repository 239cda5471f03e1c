// SPDX-License-Identifier: Apache-2.0
// Who runs a command, beside whom the driver runs as: rights are theirs, not ours.
#pragma once

#include <sys/types.h>

#include <string>

#include "backends/findings.h"

namespace onemarket {

// A user's name, for people.
std::string user_name(uid_t user);

// A warning where somebody else than `owner`, the driver's user, runs onemarketctl `command`.
// Returns whether it is that one.
bool check_asker(uid_t owner, const std::string& command, Findings& findings);

}  // namespace onemarket
