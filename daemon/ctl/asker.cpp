// SPDX-License-Identifier: Apache-2.0
#include "daemon/ctl/asker.h"

#include <pwd.h>
#include <unistd.h>

namespace onemarket {

std::string user_name(uid_t user) {
    const passwd* entry = ::getpwuid(user);
    return entry == nullptr ? "user " + std::to_string(user) : entry->pw_name;
}

bool check_asker(uid_t owner, const std::string& command, Findings& findings) {
    if (::geteuid() == owner) return true;
    findings.warning("user",
                     "this is run as " + user_name(::geteuid()) + ", the driver is as " +
                         user_name(owner) + ": what that one may do it does not show",
                     "sudo -u " + user_name(owner) + " onemarketctl " + command);
    return false;
}

}  // namespace onemarket
