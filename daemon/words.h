// SPDX-License-Identifier: Apache-2.0
// Numbers as people read them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace onemarket {

// "358 MiB", "1.2 GiB".
std::string size_in_words(uint64_t bytes);
// "1 file", "2 files".
std::string count_in_words(size_t count, const char* one, const char* more);
// "12 s", "3 h".
std::string span_in_words(std::chrono::seconds span);
// "1:30": minutes and seconds.
std::string clock_in_words(std::chrono::seconds span);

// How far it is with something long.
struct Progress {
    uint64_t done = 0;                            // bytes
    std::optional<uint64_t> total;                // bytes; nothing, or 0, where that is not known
    std::chrono::steady_clock::duration span{0};  // since the first byte

    bool has_end() const { return total.value_or(0) > 0; }
    // From 0 to 1, where it has an end.
    double share() const;
    uint64_t rate() const;  // bytes a second, on average
    // Until the end, where that can be told.
    std::optional<std::chrono::seconds> left() const;
};

// "12 MiB/s".
std::string rate_in_words(const Progress& progress);
// "1:30", or empty.
std::string left_in_words(const Progress& progress);
// "10 MiB of 100 MiB (10 %), 1.0 MiB/s, 1:30 left".
std::string in_words(const Progress& progress);
// "[=====     ]", where it has an end.
std::string bar(const Progress& progress, size_t width);

// When to say how far it is: for every ten per cent, but not more often than every ten seconds;
// where there is no end, every minute.
class ProgressPace {
  public:
    using Clock = std::chrono::steady_clock;
    explicit ProgressPace(Clock::time_point begin) : last_(begin) {}
    // True: it is to be said now, and counts as said.
    bool due(const Progress& progress, Clock::time_point now);

  private:
    uint64_t told_ = 0;  // bytes
    Clock::time_point last_;
};

}  // namespace onemarket
