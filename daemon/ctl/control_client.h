// SPDX-License-Identifier: Apache-2.0
// Asks the running driver over its control socket.
#pragma once

#include <string>

#include "backends/io/json.h"

namespace onemarket {

// Sends a line and waits for the one that answers it, without its newline. `folder`: the state
// folder. Throws Error: not_found where no driver runs, or none that has a socket there; and for a
// refusal, with its reason.
std::string ask_driver(const std::string& folder, const JsonObject& request);
// The same, read.
JsonValue ask_driver_for(const std::string& folder, const JsonObject& request);

}  // namespace onemarket
