// SPDX-License-Identifier: Apache-2.0
#include "backends/io/bandwidth.h"

#include <algorithm>
#include <chrono>
#include <limits>

#include "backends/io/backoff.h"

namespace onemarket {
namespace {

using std::chrono::milliseconds;

// Who was slow for a while may not make up for more than this.
constexpr milliseconds kCredit{1000};
// How much is read at a time, at least.
constexpr uint64_t kSmallestRead = 512;
// One that is to wait looks again so often: the rate may be another by then.
constexpr milliseconds kLongestWait{1000};

}  // namespace

uint64_t Bandwidth::share() const {
    const uint64_t rate = rate_;
    return rate == 0 ? std::numeric_limits<uint64_t>::max() : std::max(kSmallestRead, rate / 10);
}

void Bandwidth::wait(Context& context) {
    while (limited()) {
        milliseconds left;
        {
            const std::lock_guard lock(mutex_);
            const auto now = Context::Clock::now();
            if (now - next_ > kCredit) next_ = now;
            left = std::chrono::ceil<milliseconds>(next_ - now);
        }
        if (left.count() <= 0) return;
        // Nearer than that is the request's own end.
        if (!pause(std::min(left, kLongestWait), context)) return;
    }
}

void Bandwidth::take(uint64_t bytes) {
    const uint64_t rate = rate_;
    if (rate == 0) return;
    const std::lock_guard lock(mutex_);
    next_ += std::chrono::microseconds(bytes / rate * 1'000'000 + bytes % rate * 1'000'000 / rate);
}

}  // namespace onemarket
