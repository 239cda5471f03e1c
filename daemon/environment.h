// SPDX-License-Identifier: Apache-2.0
// What the driver and its scripts find around them, as the stock driver's wrapper sets it up.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace onemarket {

using Environment = std::map<std::string, std::string, std::less<>>;

// The process's own environment.
Environment current_environment();

// The plain assignments of an `etc/defaultrc`: NAME=VALUE, with or without `export` and quotes.
// Nothing is evaluated: the stock wrapper runs the file in a shell, this driver does not.
Environment parse_rc(std::string_view text);

// What scripts see: `base`, over it the assignments of `rc`, PRIORITY (19 when neither has it) and,
// when `proxy` is not empty, http_proxy.
Environment script_environment(Environment base, const Environment& rc, const std::string& proxy);

// Empty where there is no such variable.
std::string value_of(const Environment& environment, std::string_view name);

std::vector<std::string> to_list(const Environment& environment);

}  // namespace onemarket
