// SPDX-License-Identifier: Apache-2.0
// Names nobody can guess or meet twice, and chance.
#pragma once

#include <string>

namespace onemarket {

// 16 lower-case hex digits from the kernel's random source. Thread-safe.
std::string random_hex();

// From 0 to 1: for jitter. Thread-safe.
double random_fraction();

}  // namespace onemarket
