// SPDX-License-Identifier: Apache-2.0
#include "daemon/layout.h"

#include <filesystem>

namespace onemarket {

Layout Layout::of(const std::string& one_location) {
    if (one_location.empty())
        return {"/var/lib/one", "/etc/one", "/var/log/one", "/var/lib/one/remotes",
                "/usr/lib/one/mads"};
    // The driver changes its folder, and its scripts with it.
    const std::string root = std::filesystem::absolute(one_location).string();
    return {root + "/var", root + "/etc", root + "/var", root + "/var/remotes", root + "/lib/mads"};
}

Layout layout_of(const Environment& environment) {
    return Layout::of(value_of(environment, "ONE_LOCATION"));
}

}  // namespace onemarket
