// SPDX-License-Identifier: Apache-2.0
// When to try again what failed for a passing reason: exponential backoff with jitter.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "backends/context.h"

namespace onemarket {

struct RetryPolicy {
    int attempts = 8;                           // in all; 1: never again
    std::chrono::milliseconds base{200};        // before the second
    std::chrono::milliseconds longest{20'000};  // between two; a server's Retry-After may say more
};

// The tries of one request. Not thread-safe.
class Backoff {
  public:
    explicit Backoff(const RetryPolicy& policy) : policy_(policy) {}

    // The pause before the next attempt: base, doubled each time up to `longest`, of which the
    // second half is left to `chance` (0 to 1), so that many that failed together do not come back
    // together; but no less than the server asked for. Nothing: no attempt is left, or the server
    // asks for more than kLongestRetryAfter.
    std::optional<std::chrono::milliseconds> next(std::chrono::milliseconds asked_for,
                                                  double chance);

    int attempts() const { return attempt_; }  // those that were begun

    static constexpr std::chrono::seconds kLongestRetryAfter{120};

  private:
    RetryPolicy policy_;
    int attempt_ = 1;
};

// Waits. Throws Error (cancelled) at once when the context says so; returns false when the pause
// has ended behind its deadline, and without waiting when it would.
bool pause(std::chrono::milliseconds time, Context& context);

// Waits before what failed for `reason` is tried again, and says so: the first time where an
// administrator sees it. False when that is no use: no attempt is left, or the deadline is nearer.
bool pause_before_retry(const std::string& reason, std::chrono::milliseconds asked_for,
                        Backoff& backoff, Context& context);

}  // namespace onemarket
