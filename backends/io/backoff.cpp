// SPDX-License-Identifier: Apache-2.0
#include "backends/io/backoff.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "backends/io/random.h"

namespace onemarket {

using std::chrono::milliseconds;

std::optional<milliseconds> Backoff::next(milliseconds asked_for, double chance) {
    if (attempt_ >= policy_.attempts || asked_for > kLongestRetryAfter) return std::nullopt;
    milliseconds step = policy_.base;
    for (int i = 1; i < attempt_ && step < policy_.longest; ++i) step *= 2;
    step = std::min(step, policy_.longest);
    ++attempt_;
    const auto half = static_cast<double>(step.count()) / 2;
    return std::max(asked_for, milliseconds(static_cast<int64_t>(half + half * chance)));
}

bool pause(milliseconds time, Context& context) {
    // That the time is up says less than why there was to be a pause.
    const auto is_too_late = [&context](Context::Clock::time_point when) {
        if (context.stop_token().stop_requested()) context.check();
        const auto deadline = context.deadline();
        return deadline && when >= *deadline;
    };
    const auto end = Context::Clock::now() + time;
    if (is_too_late(end)) return false;
    std::mutex mutex;
    std::condition_variable_any condition;
    std::unique_lock lock(mutex);
    condition.wait_until(lock, context.stop_token(), end, [] { return false; });
    return !is_too_late(Context::Clock::now());
}

bool pause_before_retry(const std::string& reason, milliseconds asked_for, Backoff& backoff,
                        Context& context) {
    const bool first = backoff.attempts() == 1;
    const auto wait = backoff.next(asked_for, random_fraction());
    if (!wait) return false;
    context.log().log(first ? LogLevel::info : LogLevel::debug,
                      reason + "; trying again in " + std::to_string(wait->count()) + " ms");
    return pause(*wait, context);
}

}  // namespace onemarket
