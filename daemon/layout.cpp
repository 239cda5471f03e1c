// SPDX-License-Identifier: Apache-2.0
#include "daemon/layout.h"

namespace onemarket {

Layout Layout::of(const std::string& one_location) {
    if (one_location.empty())
        return {"/var/lib/one", "/etc/one", "/var/log/one", "/var/lib/one/remotes"};
    return {one_location + "/var", one_location + "/etc", one_location + "/var",
            one_location + "/var/remotes"};
}

}  // namespace onemarket
