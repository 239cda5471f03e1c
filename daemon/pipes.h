// SPDX-License-Identifier: Apache-2.0
// The two pipes between oned and the driver.
#pragma once

#include <fcntl.h>

#include "backends/io/unique_fd.h"

namespace onemarket {

// What an unprivileged process may ask for.
inline constexpr int kPipeBytes = 1 << 20;

// A large pipe lets oned write a long request without waiting, and its lines stay whole: while the
// pipe is full, two of its threads' lines can mix. What is no pipe stays as it is.
inline UniqueFd enlarged(UniqueFd fd) {
    (void)::fcntl(fd.get(), F_SETPIPE_SZ, kPipeBytes);
    return fd;
}

}  // namespace onemarket
