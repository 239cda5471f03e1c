// SPDX-License-Identifier: Apache-2.0
// The driver's own log file.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "protocol/reply.h"

namespace onemarket {

// A rotating file, each line flushed. One that could not be written to, or not rotated, is opened
// again with a line to come, so that it is there once the fault is over. Thread-safe.
class LogFile {
  public:
    // Opens it. When that fails the reason is in problem() and lines go nowhere: a full disk or a
    // missing folder must not keep oned from booting.
    LogFile(const std::string& path, LogLevel level, size_t megabytes, size_t files);
    ~LogFile();

    // Opens it again, whoever has moved it away meanwhile. Where that fails all stays as it was:
    // the reason, or nothing.
    std::string reopen(LogLevel level, size_t megabytes, size_t files);

    void write(LogLevel level, std::string_view text);
    const std::string& problem() const { return problem_; }

  private:
    using Clock = std::chrono::steady_clock;
    struct Sink;
    struct Settings {
        LogLevel level;
        size_t megabytes, files;
    };
    std::string open(const Settings& settings);
    void mend();

    const std::string path_;
    mutable std::mutex mutex_;
    std::shared_ptr<Sink> sink_;
    Settings settings_{};  // of the sink
    Clock::time_point again_ = Clock::time_point::min();
    std::string problem_;
};

}  // namespace onemarket
