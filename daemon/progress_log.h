// SPDX-License-Identifier: Apache-2.0
// Tells oned's log, now and then, how far long imports are.
#pragma once

#include <functional>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/in_flight.h"
#include "daemon/words.h"

namespace onemarket {

// Not thread-safe.
class ProgressLog {
  public:
    using Clock = Transfer::Clock;
    using Say = std::function<void(ObjectId app, std::string_view text)>;
    explicit ProgressLog(Say say) : say_(std::move(say)) {}

    // What there is at this moment; to be called every few seconds.
    void look(const std::vector<FlightView>& requests, Clock::time_point now);

  private:
    Say say_;
    // By app, and when its bytes began to move.
    std::map<std::pair<ObjectId, Clock::time_point>, ProgressPace> paces_;
};

}  // namespace onemarket
