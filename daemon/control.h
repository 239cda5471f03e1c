// SPDX-License-Identifier: Apache-2.0
// What is said over the driver's control socket: a line of JSON asks, a line of JSON answers.
// docs/control.md describes both.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "protocol/request.h"

namespace onemarket {

inline constexpr int kControlVersion = 1;
// The socket, in the state folder.
inline constexpr const char* kControlName = "control.sock";

// What the driver can be asked for. Each is called by the thread that answers.
struct ControlActions {
    std::function<std::string()> status;  // as JSON
    // What is wrong; empty where it was done.
    std::function<std::string(ObjectId app)> cancel;
    std::function<std::string()> reload;
};

// The answer to a line, without its newline. Never throws for what stands in it.
std::string answer_control(std::string_view line, const ControlActions& actions);

}  // namespace onemarket
