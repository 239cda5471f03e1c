// SPDX-License-Identifier: Apache-2.0
// Keeps credentials and payloads out of what people read.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace onemarket {

// The text with every occurrence of a secret replaced by `***`, the longest first. Secrets of fewer
// than four bytes are no secrets and are left.
std::string without_secrets(std::string_view text, const std::vector<std::string>& secrets);

// The same, and every run of more than 200 base64 characters, which only a driver message is,
// replaced by `<payload>`.
std::string redact(std::string_view text, const std::vector<std::string>& secrets);

}  // namespace onemarket
