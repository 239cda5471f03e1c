// SPDX-License-Identifier: Apache-2.0
// The driver's options, as oned.conf gives them, for commands that do by hand what it does.
#pragma once

#include <string>

#include "daemon/environment.h"
#include "daemon/options.h"

namespace onemarket {

// All of them; the defaults where oned.conf cannot be read, or names another driver. Of what is
// wrong with them doctor tells.
Options drivers_options(const Environment& environment);

// For one marketplace type, whatever the driver is told to serve, and with the driver's proxy where
// neither the environment nor defaultrc name one.
Options options_by_hand(const Environment& environment, const std::string& type);

}  // namespace onemarket
