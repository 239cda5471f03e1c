// SPDX-License-Identifier: Apache-2.0
// How far the image of a request is, for whoever watches.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>

namespace onemarket {

// Thread-safe.
class Transfer {
  public:
    using Clock = std::chrono::steady_clock;

    enum class Stage {
        preparing,   // nothing moves yet
        queued,      // until other imports have moved theirs
        moving,      // bytes, as State tells
        publishing,  // all have moved, and are made durable and public
    };

    // `sum`, or null, counts all bytes that move, and outlives this.
    explicit Transfer(std::atomic<uint64_t>* sum = nullptr) : sum_(sum) {}

    // Bytes begin to move, once more where some have: so many, where that is known.
    void begin(std::optional<uint64_t> total) {
        const std::lock_guard lock(mutex_);
        state_ = {Stage::moving, 0, total, Clock::now()};
    }
    void moved(uint64_t bytes) {
        if (sum_ != nullptr) sum_->fetch_add(bytes, std::memory_order_relaxed);
        const std::lock_guard lock(mutex_);
        state_.moved += bytes;
    }
    void enter(Stage stage) {
        const std::lock_guard lock(mutex_);
        state_.stage = stage;
    }

    struct State {
        Stage stage = Stage::preparing;
        uint64_t moved = 0;             // bytes, holes with them, since it began
        std::optional<uint64_t> total;  // bytes; nothing where nobody knows
        Clock::time_point began;        // only once something moves
    };
    State state() const {
        const std::lock_guard lock(mutex_);
        return state_;
    }

  private:
    std::atomic<uint64_t>* const sum_;
    mutable std::mutex mutex_;
    State state_;
};

constexpr std::string_view to_string(Transfer::Stage stage) {
    switch (stage) {
        case Transfer::Stage::preparing:
            return "preparing";
        case Transfer::Stage::queued:
            return "queued";
        case Transfer::Stage::moving:
            return "moving";
        case Transfer::Stage::publishing:
            return "publishing";
    }
    return "";
}

}  // namespace onemarket
