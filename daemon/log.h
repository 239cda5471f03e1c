// SPDX-License-Identifier: Apache-2.0
// The driver's own log file.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "protocol/reply.h"

namespace onemarket {

// A rotating file, each line flushed. Thread-safe.
class LogFile {
  public:
    // Opens it. When that fails the reason is in problem() and lines go nowhere: a full disk or a
    // missing folder must not keep oned from booting.
    LogFile(const std::string& path, LogLevel level, size_t megabytes, size_t files);
    ~LogFile();

    void write(LogLevel level, std::string_view text);
    const std::string& problem() const { return problem_; }

  private:
    struct Sink;
    std::unique_ptr<Sink> sink_;
    std::string problem_;
};

}  // namespace onemarket
