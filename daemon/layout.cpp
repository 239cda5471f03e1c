// SPDX-License-Identifier: Apache-2.0
#include "daemon/layout.h"

namespace onemarket {

Layout Layout::of(const char* one_location) {
    if (one_location == nullptr || *one_location == '\0')
        return {"/var/lib/one", "/etc/one", "/var/log/one", "/var/lib/one/remotes"};
    const std::string root = one_location;
    return {root + "/var", root + "/etc", root + "/var", root + "/var/remotes"};
}

}  // namespace onemarket
