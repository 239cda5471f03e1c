// SPDX-License-Identifier: Apache-2.0
// The proxies of the driver's own HTTP requests.
#pragma once

#include <string>
#include <vector>

#include "backends/io/http_client.h"
#include "daemon/environment.h"

namespace onemarket {

// Fills in the proxies: `option` (-p) for all addresses where it is not empty; else the variables
// as curl reads them: http_proxy, https_proxy, HTTPS_PROXY, all_proxy, ALL_PROXY, and no_proxy,
// NO_PROXY in any case.
void set_proxies(const Environment& environment, const std::string& option, HttpSettings& settings);

// What must not be told of them.
std::vector<std::string> proxy_secrets(const HttpSettings& settings);

}  // namespace onemarket
