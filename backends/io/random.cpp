// SPDX-License-Identifier: Apache-2.0
#include "backends/io/random.h"

#include <sys/random.h>

#include <array>
#include <cerrno>

#include "protocol/error.h"
#include "protocol/hex.h"

namespace onemarket {

namespace {

std::array<unsigned char, 8> random_bytes() {
    std::array<unsigned char, 8> bytes{};
    // Requests of up to 256 bytes are never cut short once the source is ready.
    if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
        throw system_error(errno, "getrandom");
    return bytes;
}

}  // namespace

std::string random_hex() {
    return to_hex(random_bytes());
}

double random_fraction() {
    double fraction = 0;
    for (const unsigned char byte : random_bytes()) fraction = (fraction + byte) / 256;
    return fraction;
}

}  // namespace onemarket
