// SPDX-License-Identifier: Apache-2.0
// MONITOR: how full a marketplace is, and what it offers.
#pragma once

#include <string>

#include "daemon/services.h"

namespace onemarket {

// Template text: of the SUCCESS line, before its base64. Throws Error for a FAILURE.
std::string handle_monitor(const Services& services, const DriverMessage& message,
                           Context& context);

}  // namespace onemarket
