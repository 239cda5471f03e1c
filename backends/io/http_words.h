// SPDX-License-Identifier: Apache-2.0
// What libcurl says of a failure, read for who has to read it.
#pragma once

#include <string>
#include <string_view>

namespace onemarket {

// What to do about a certificate that was not believed.
std::string_view whom_to_trust(std::string_view why);

// The same of a text that came of it, or of a configuration that lets nothing be asked over https:
// what an administrator does. Empty where it is about something else.
std::string remedy_for_trust(std::string_view text);
// Begins what a request over https is refused with where the configuration is wrong.
inline constexpr std::string_view kNothingOverHttps = "nothing is asked over https: ";

// Whether it was the address's own server that nobody could connect to: not a proxy.
bool names_server(std::string_view why, const std::string& url);

}  // namespace onemarket
