// SPDX-License-Identifier: Apache-2.0
// Moments as others tell them: in seconds since 1970, of as many digits as they like.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace onemarket {

// The moment so many seconds after the beginning of 1970, one before that being as good as it. The
// system's clock counts nanoseconds and ends in 2262: what is beyond is its end, and so never old.
inline std::chrono::system_clock::time_point moment_of(int64_t seconds) {
    using std::chrono::system_clock;
    constexpr int64_t last =
        std::chrono::floor<std::chrono::seconds>(system_clock::duration::max()).count();
    return system_clock::time_point(std::chrono::seconds(std::clamp<int64_t>(seconds, 0, last)));
}

}  // namespace onemarket
