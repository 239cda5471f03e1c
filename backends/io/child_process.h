// SPDX-License-Identifier: Apache-2.0
// Fork and exec, for io/subprocess alone: everything else goes through that.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "backends/io/unique_fd.h"

namespace onemarket {

// A process just started; whoever holds this must reap it. The descriptors are our ends of its
// standard streams, non-blocking.
struct ChildProcess {
    pid_t pid = -1;
    UniqueFd in, out, err;
};

// Starts argv[0] (a path, or a name looked for in the PATH of `environment`) as the leader of a
// process group of its own, with three descriptors, default signal handlers, and a death with the
// thread that started it. Returns once exec has worked. Throws Error "<path>: <reason>" when there
// is no such program or it cannot be run. A script without a #! line is run by /bin/sh, as
// execvp(3) does. Thread-safe.
ChildProcess start_child(const std::vector<std::string>& argv,
                         const std::vector<std::string>& environment, const std::string& directory);

}  // namespace onemarket
