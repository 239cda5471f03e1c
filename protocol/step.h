// SPDX-License-Identifier: Apache-2.0
// Named steps of an import's life. A test program can have itself ended at one of them: what
// survives has to be right wherever the process dies. Nothing else looks at them.
#pragma once

#include <atomic>

namespace onemarket {

// Called at each step with its name; null in the driver.
inline std::atomic<void (*)(const char* name)> step_hook{nullptr};

inline void step(const char* name) {
    if (const auto hook = step_hook.load(std::memory_order_relaxed)) hook(name);
}

}  // namespace onemarket
