// SPDX-License-Identifier: Apache-2.0
// Where an OpenNebula installation keeps its things.
#pragma once

#include <string>

#include "daemon/environment.h"

namespace onemarket {

struct Layout {
    std::string var;      // oned's data, and the scripts' working folder
    std::string etc;      // configuration
    std::string log;      // logs
    std::string remotes;  // scripts; VERSION and EDITION hold the release
    std::string mads;     // where oned looks for its drivers

    // What the driver keeps over its lives.
    std::string state() const { return var + "/onemarketd"; }

    // Self-contained below `one_location`, or the system's folders when that is empty.
    static Layout of(const std::string& one_location);
};

// The one that ONE_LOCATION means there.
Layout layout_of(const Environment& environment);

}  // namespace onemarket
