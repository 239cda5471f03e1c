// SPDX-License-Identifier: Apache-2.0
// What somebody who waits for a download wants to see.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace onemarket {

// Not thread-safe.
class Progress {
  public:
    using Clock = std::chrono::steady_clock;
    using Print = std::function<void(std::string_view)>;

    // A bar, drawn over and over, where `terminal`; else a line for every ten per cent, not more
    // often than every ten seconds, or where the length is not known every minute. Lines are as
    // those of a script: `INFO: ...`. `name` begins them.
    Progress(Print print, bool terminal, std::string name);

    void begin(std::optional<uint64_t> length, Clock::time_point now);
    void moved(uint64_t bytes, Clock::time_point now);
    // The bar is gone, so that something else can be printed.
    void end();

  private:
    std::string bar(Clock::time_point now) const;
    std::string line(Clock::time_point now) const;
    std::string rate_and_rest(Clock::time_point now) const;
    double share() const { return static_cast<double>(done_) / static_cast<double>(*length_); }

    Print print_;
    bool terminal_;
    std::string name_;
    std::optional<uint64_t> length_;  // bytes; nothing, or more than 0
    uint64_t done_ = 0;
    uint64_t told_ = 0;  // bytes when it was last told
    Clock::time_point began_, last_;
    bool shown_ = false;
};

// 358 MiB, 1.2 GiB.
std::string in_units(uint64_t bytes);

}  // namespace onemarket
