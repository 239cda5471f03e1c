// SPDX-License-Identifier: Apache-2.0
// Processes that are none: Subprocess as it is linked here says what it is told to.
#pragma once

#include <string>

#include "backends/io/subprocess.h"

namespace onemarket::fuzz {

struct CannedProcess {
    std::string output, complaints;  // stdout, stderr
    ExitStatus status;
    unsigned seed = 0;  // of the pieces stdout comes in
};

// From now on every process is this one.
void start_as(CannedProcess process);

}  // namespace onemarket::fuzz
