// SPDX-License-Identifier: Apache-2.0
// Asks the running driver over its control socket.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "backends/io/json.h"

namespace onemarket {

inline constexpr std::chrono::seconds kDriverPatience{10};

// What a driver is asked to do, without what belongs to it.
JsonObject control_request(std::string_view what);

// Sends a line and waits for the one that answers it, without its newline, no longer than that all
// in all. `folder`: the state folder. Throws Error: not_found where no driver runs, or none that
// has a socket there; and for a refusal, with its reason.
std::string ask_driver(const std::string& folder, const JsonObject& request,
                       std::chrono::milliseconds patience = kDriverPatience);
// The same, read.
JsonValue ask_driver_for(const std::string& folder, const JsonObject& request);

}  // namespace onemarket
