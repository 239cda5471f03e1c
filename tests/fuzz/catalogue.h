// SPDX-License-Identifier: Apache-2.0
// What must be true of a list of apps, whatever the catalogue it was made of.
#pragma once

#include <string_view>

#include "backends/backend.h"

namespace onemarket::fuzz {

// Has a marketplace list what its server gives.
void check_catalogue(const Backend& backend, std::string_view document);

}  // namespace onemarket::fuzz
