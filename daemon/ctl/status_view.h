// SPDX-License-Identifier: Apache-2.0
// The driver's status as tables for a terminal.
#pragma once

#include <string>

#include "backends/io/json.h"

namespace onemarket {

// `status`: the member of that name of an answer over the control socket.
std::string status_view(const JsonValue& status);

}  // namespace onemarket
