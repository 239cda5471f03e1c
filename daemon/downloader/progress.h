// SPDX-License-Identifier: Apache-2.0
// What somebody who waits for a download wants to see.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/words.h"

namespace onemarket {

// Not thread-safe.
class ShownProgress {
  public:
    using Clock = std::chrono::steady_clock;
    using Print = std::function<void(std::string_view)>;

    // A bar, drawn over and over, where `terminal`; else lines as those of a script, `INFO: ...`, at
    // the pace of ProgressPace. `name` begins them.
    ShownProgress(Print print, bool terminal, std::string name);

    void begin(std::optional<uint64_t> length, Clock::time_point now);
    void moved(uint64_t bytes, Clock::time_point now);
    // The bar is gone, so that something else can be printed.
    void end();

  private:
    void draw(Clock::time_point now);

    Print print_;
    bool terminal_;
    std::string name_;
    Progress progress_;
    ProgressPace pace_{{}};
    Clock::time_point began_, drawn_;
    bool shown_ = false;
};

}  // namespace onemarket
