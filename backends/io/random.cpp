// SPDX-License-Identifier: Apache-2.0
#include "backends/io/random.h"

#include <sys/random.h>

#include <array>
#include <cerrno>

#include "protocol/error.h"
#include "protocol/hex.h"

namespace onemarket {

std::string random_hex() {
    std::array<unsigned char, 8> bytes{};
    // Requests of up to 256 bytes are never cut short once the source is ready.
    if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
        throw system_error(errno, "getrandom");
    return to_hex(bytes);
}

}  // namespace onemarket
