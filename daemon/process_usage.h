// SPDX-License-Identifier: Apache-2.0
// What this process takes of the machine, as the kernel counts it.
#pragma once

#include <cstdint>
#include <optional>

namespace onemarket {

// Nothing where /proc does not say it.
struct ProcessUsage {
    std::optional<double> cpu_seconds;  // of its own: not of the scripts it has run
    std::optional<uint64_t> resident_bytes, virtual_bytes;
    std::optional<uint64_t> open_files, most_files;
    std::optional<uint64_t> threads;
};

ProcessUsage read_process_usage();

}  // namespace onemarket
