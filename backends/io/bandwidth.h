// SPDX-License-Identifier: Apache-2.0
// How many bytes a second may move, for one reader or for many together.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

#include "backends/context.h"

namespace onemarket {

// What is taken since the first byte is never more than the rate allows, but for one read of each
// that takes. Thread-safe.
class Bandwidth {
  public:
    explicit Bandwidth(uint64_t rate = 0) : rate_(rate) {}

    // Bytes a second; 0: no limit. From now on, for readers there are, too.
    void set(uint64_t rate) { rate_ = rate; }
    bool limited() const { return rate_ > 0; }

    // How many bytes to read at a time, so that a slow one goes on evenly.
    uint64_t share() const;
    // Waits until some may be read. Throws what context.check() does.
    void wait(Context& context);
    // So many were.
    void take(uint64_t bytes);

  private:
    std::atomic<uint64_t> rate_;
    std::mutex mutex_;
    Context::Clock::time_point next_{};  // when the next bytes may be read
};

}  // namespace onemarket
