// SPDX-License-Identifier: Apache-2.0
#include "protocol/iso_time.h"

#include <array>
#include <ctime>

#include "protocol/moment.h"

namespace onemarket {

std::string to_iso_time(std::chrono::system_clock::time_point time) {
    const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    std::array<char, 40> text{};
    const size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
    return {text.data(), size};
}

std::optional<std::chrono::system_clock::time_point> parse_iso_time(const std::string& text) {
    std::tm parts{};
    const char* end = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
    if (end == nullptr || !text.ends_with('Z')) return std::nullopt;
    return moment_of(::timegm(&parts));
}

}  // namespace onemarket
