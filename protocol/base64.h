// SPDX-License-Identifier: Apache-2.0
// Base64 as oned reads and writes it: RFC 4648 section 4, padded, no line breaks.
#pragma once

#include <string>
#include <string_view>

#include "protocol/error.h"

namespace onemarket {

std::string base64_encode(std::string_view bytes);
// The same, behind what `text` holds already.
void base64_append(std::string& text, std::string_view bytes);

// Strict: standard alphabet, full padding, nothing before, between or after. Empty gives empty.
Result<std::string> base64_decode(std::string_view text);

}  // namespace onemarket
