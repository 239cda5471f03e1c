// SPDX-License-Identifier: Apache-2.0
// Bytes as lower-case hex digits.
#pragma once

#include <string>

namespace onemarket {

template <class Bytes>
std::string to_hex(const Bytes& bytes) {
    std::string text;
    for (const auto byte : bytes) {
        const auto value = static_cast<unsigned char>(byte);
        text += "0123456789abcdef"[value >> 4];
        text += "0123456789abcdef"[value & 15];
    }
    return text;
}

}  // namespace onemarket
