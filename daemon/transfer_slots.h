// SPDX-License-Identifier: Apache-2.0
// How many imports move bytes at one time.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <set>

#include "backends/context.h"

namespace onemarket {

// A counting lock whose waiters are served in the order they came. Thread-safe.
class TransferSlots {
  public:
    explicit TransferSlots(size_t slots) : slots_(slots), free_(static_cast<ptrdiff_t>(slots)) {}

    // From now on; those that move go on, whatever their number.
    void set(size_t slots);

    class Slot {
      public:
        explicit Slot(TransferSlots& slots) : slots_(slots) {}
        ~Slot() { slots_.release(); }
        Slot(const Slot&) = delete;
        Slot& operator=(const Slot&) = delete;

      private:
        TransferSlots& slots_;
    };

    // Waits for its turn, then starts the context's clock anew: waiting costs a request nothing.
    // Throws Error (cancelled) when the request is stopped meanwhile.
    [[nodiscard]] Slot acquire(Context& context);

  private:
    void release();

    std::mutex mutex_;
    std::condition_variable_any changed_;
    size_t slots_;
    ptrdiff_t free_;  // less than 0 where there were more slots
    uint64_t next_ticket_ = 0;
    std::set<uint64_t> waiting_;  // tickets; the smallest is next
};

}  // namespace onemarket
