// SPDX-License-Identifier: Apache-2.0
// Whom the driver believes over https.
#pragma once

#include <string>

#include "backends/io/http_client.h"

namespace onemarket {

// Whether the certificate of the server at this address must be one that is trusted.
bool is_verified(const HttpSettings& settings, const std::string& url);

}  // namespace onemarket
