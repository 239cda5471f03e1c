// SPDX-License-Identifier: Apache-2.0
#include "backends/context.h"

#include <string>

namespace onemarket {

Context::Context(ObjectId id, std::stop_token stop, TimeLimit limit, RequestLog& log)
    : id_(id),
      stop_(std::move(stop)),
      limit_(limit),
      log_(log),
      record_(std::make_shared<UnkeptRecord>()),
      start_(Clock::now()),
      last_progress_(start_.load()) {}

Context::Context(Context& whole, std::stop_token stop)
    : Context(whole.id_, std::move(stop), whole.limit_, whole.log_) {
    whole_ = &whole;
    record_ = whole.record_;
    transfer_ = whole.transfer_;
}

void Context::check(std::string_view awaited) const {
    if (whole_ != nullptr) whole_->check(awaited);  // first: its reason is the one to be told
    if (stop_.stop_requested()) throw Error(ErrorKind::cancelled, "cancelled");
    const std::optional<Clock::time_point> end = deadline();
    if (!end || Clock::now() < *end) return;
    const std::string seconds =
        std::to_string(std::chrono::ceil<std::chrono::seconds>(limit_.span).count()) + " s";
    std::string reason = (limit_.idle_only ? "Timeout: no progress for " + seconds
                                           : "Timeout: not done within " + seconds);
    if (!awaited.empty()) reason.append(", waiting for ").append(awaited);
    throw Error(ErrorKind::timeout, reason);
}

void Context::progress(uint64_t moved) {
    if (moved > 0) transfer_->moved(moved);
    if (whole_ != nullptr)
        whole_->progress();
    else
        last_progress_.store(Clock::now(), std::memory_order_relaxed);
}

void Context::restart_clock() {
    start_ = Clock::now();
    progress();
}

std::optional<Context::Clock::time_point> Context::deadline() const {
    if (whole_ != nullptr) return whole_->deadline();
    if (limit_.span.count() == 0) return std::nullopt;
    return (limit_.idle_only ? last_progress_ : start_).load(std::memory_order_relaxed) +
           limit_.span;
}

}  // namespace onemarket
