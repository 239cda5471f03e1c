// SPDX-License-Identifier: Apache-2.0
// What the driver has answered since its start: counted, the last answers, and how each marketplace
// was when it was last looked at. For `onemarketctl status` and for metrics.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/subject.h"
#include "protocol/action.h"
#include "protocol/error.h"

namespace onemarket {

using WallTime = std::chrono::system_clock::time_point;

// One answer.
struct Answered {
    Action action;
    ObjectId id;
    Subject subject;
    bool success;
    std::optional<ErrorKind> kind;  // of a failure
    std::string reason;             // of a failure, as oned is told
    WallTime at;
    std::chrono::milliseconds span;  // since the request was read, or taken up by this life
    uint64_t bytes;                  // of the image that moved
};

// What a MONITOR said of a marketplace; sizes in MB, nothing where they are not said, or cannot be.
struct MarketUsage {
    std::optional<uint64_t> used, free, total;
    size_t apps = 0;  // in the list of a marketplace that is discovered
};
// Reads them from a MONITOR's text.
MarketUsage parse_usage(std::string_view monitor_text);

struct MarketState {
    std::string name;
    WallTime at;                         // of the last MONITOR
    bool success = false;                // whether it was one
    std::string reason;                  // why not
    std::optional<MarketUsage> usage;    // of the last that succeeded
    std::optional<WallTime> usage_time;  // and when
};

// Upper bounds of the classes that spans are counted in, in seconds; the last class has none.
inline constexpr std::array<double, 11> kSpanBounds{0.01, 0.1, 0.5,  1,    5,    15,
                                                    60,   300, 1800, 7200, 43200};

struct ActionTotals {
    uint64_t successes = 0;
    std::map<ErrorKind, uint64_t> failures;
    std::array<uint64_t, kSpanBounds.size() + 1> spans{};  // answers of each class
    double seconds = 0;                                    // all together
    uint64_t retries = 0;                                  // tries of what oned has been answered
};

// Thread-safe.
class Statistics {
  public:
    static constexpr size_t kLast = 50;
    static constexpr size_t kMarkets = 1000;  // those heard of last

    void answered(Answered answer);
    void monitored(ObjectId market, const Subject& subject, const MarketUsage& usage, WallTime now);
    void retried(Action action);

    struct Totals {
        std::map<Action, ActionTotals> actions;
        std::deque<Answered> last;  // the newest first
        std::map<ObjectId, MarketState> markets;
    };
    Totals totals() const;

  private:
    MarketState& market(ObjectId id, WallTime now);

    mutable std::mutex mutex_;
    Totals totals_;
};

}  // namespace onemarket
