// SPDX-License-Identifier: Apache-2.0
// Moments as ISO 8601 writes them, in UTC and whole seconds: 2026-11-25T09:34:15Z.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace onemarket {

std::string to_iso_time(std::chrono::system_clock::time_point time);

// Reads it; fractions of a second are left out. Nothing where it is none.
std::optional<std::chrono::system_clock::time_point> parse_iso_time(const std::string& text);

}  // namespace onemarket
