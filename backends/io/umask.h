// SPDX-License-Identifier: Apache-2.0
// What rights files are made without.
#pragma once

#include <sys/stat.h>

namespace onemarket {

// That of the process. It can be read by setting it alone, so that a file another thread makes in
// that moment has more rights than it should: for when no other makes any.
inline mode_t current_umask() noexcept {
    const mode_t mask = ::umask(0);
    ::umask(mask);
    return mask;
}

}  // namespace onemarket
