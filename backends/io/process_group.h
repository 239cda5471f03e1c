// SPDX-License-Identifier: Apache-2.0
// What a process group has done so far, as the kernel counts it.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace onemarket {

// Bytes that the group's living processes have read and written (rchar and wchar of
// /proc/PID/io, proc(5)). Only good for comparing: it falls when a process ends, and processes of
// another user (sudo) count as nothing. Looks at every process there is: not for a tight loop.
uint64_t group_io_bytes(pid_t group);

}  // namespace onemarket
