// SPDX-License-Identifier: Apache-2.0
// Files of certificates, as PEM (RFC 7468) has them.
#pragma once

#include <cstddef>
#include <string>

namespace onemarket {

// How many there are in a file. Throws Error where it cannot be read.
size_t certificates_in(const std::string& file);

}  // namespace onemarket
