// SPDX-License-Identifier: Apache-2.0
// What libcurl says of a failure, read for who has to read it.
#pragma once

#include <string>
#include <string_view>

namespace onemarket {

// What to do about a certificate that was not believed.
std::string_view whom_to_trust(std::string_view why);

// Whether it was the address's own server that nobody could connect to: not a proxy.
bool names_server(std::string_view why, const std::string& url);

}  // namespace onemarket
