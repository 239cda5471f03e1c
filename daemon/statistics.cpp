// SPDX-License-Identifier: Apache-2.0
#include "daemon/statistics.h"

#include <algorithm>

#include "backends/discovery/app_list.h"
#include "protocol/ascii.h"

namespace onemarket {

namespace {

constexpr uint64_t kMostMegabytes = UINT64_MAX >> 20U;  // as bytes

}  // namespace

// A catalogue's list can be megabytes; all else that is looked for stands before it.
MarketUsage parse_usage(std::string_view monitor_text) {
    MarketUsage usage;
    usage.apps = count_apps(monitor_text);
    const auto number = [](std::string_view value) {
        if (value.size() > 1 && value.front() == '"' && value.back() == '"')
            value = value.substr(1, value.size() - 2);
        auto megabytes = ascii::parse_number<uint64_t>(value);
        if (megabytes && *megabytes > kMostMegabytes) megabytes.reset();  // no such thing
        return megabytes;
    };
    while (!monitor_text.empty() && !monitor_text.starts_with("APP=")) {
        const std::string_view line = monitor_text.substr(0, monitor_text.find('\n'));
        monitor_text.remove_prefix(std::min(line.size() + 1, monitor_text.size()));
        for (const std::string_view word : ascii::split(line, " \t"))
            for (const auto& [key, value] :
                 {std::pair("USED_MB=", &usage.used), std::pair("FREE_MB=", &usage.free),
                  std::pair("TOTAL_MB=", &usage.total)})
                if (word.starts_with(key))
                    *value = number(word.substr(std::string_view(key).size()));
    }
    return usage;
}

// In the place of the one that was heard of longest ago, where there are too many.
MarketState& Statistics::market(ObjectId id, WallTime now) {
    auto& markets = totals_.markets;
    if (markets.size() >= kMarkets && !markets.contains(id))
        markets.erase(std::min_element(markets.begin(), markets.end(),
                                       [](auto& a, auto& b) { return a.second.at < b.second.at; }));
    MarketState& state = markets[id];
    state.at = now;
    return state;
}

void Statistics::answered(Answered answer) {
    const std::lock_guard lock(mutex_);
    ActionTotals& action = totals_.actions[answer.action];
    if (answer.success)
        ++action.successes;
    else
        ++action.failures[answer.kind.value_or(ErrorKind::internal)];
    const double seconds = std::chrono::duration<double>(answer.span).count();
    const auto* const bound = std::lower_bound(kSpanBounds.begin(), kSpanBounds.end(), seconds);
    ++action.spans[static_cast<size_t>(bound - kSpanBounds.begin())];
    action.seconds += seconds;
    if (answer.action == Action::monitor) {
        MarketState& state = market(answer.id, answer.at);
        if (!answer.subject.market_name.empty()) state.name = answer.subject.market_name;
        state.success = answer.success;
        state.reason = answer.reason;
        // They come every few minutes, and would leave no place for anything else.
        if (answer.success) return;
    }
    totals_.last.push_front(std::move(answer));
    if (totals_.last.size() > kLast) totals_.last.pop_back();
}

void Statistics::monitored(ObjectId id, const Subject& subject, const MarketUsage& usage,
                           WallTime now) {
    const std::lock_guard lock(mutex_);
    MarketState& state = market(id, now);
    state.name = subject.market_name;
    state.usage = usage;
    state.usage_time = now;
}

void Statistics::retried(Action action) {
    const std::lock_guard lock(mutex_);
    ++totals_.actions[action].retries;
}

Statistics::Totals Statistics::totals() const {
    const std::lock_guard lock(mutex_);
    return totals_;
}

}  // namespace onemarket
