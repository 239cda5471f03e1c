// SPDX-License-Identifier: Apache-2.0
// The driver's status as tables for a terminal.
#pragma once

#include <cstdint>
#include <string>

#include "backends/io/json.h"

namespace onemarket {

// What there is room for.
struct Screen {
    size_t rows = SIZE_MAX, columns = SIZE_MAX;
};

// `status`: the member of that name of an answer over the control socket. What the screen has no
// room for is cut off: the ends of lines; of the rows the answers first, the oldest before the
// newer, then requests that have not begun, then whatever comes last.
std::string status_view(const JsonValue& status, const Screen& screen = {});

}  // namespace onemarket
