// SPDX-License-Identifier: Apache-2.0
// Metrics as a file, for node_exporter's textfile collector.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "backends/io/unique_fd.h"
#include "protocol/reply.h"

namespace onemarket {

// Written anew every few seconds, whole or not at all, and removed at the end: figures of a driver
// that is no more would look as if all were well. What another driver has put in its place stays.
// Used by the loop's thread.
class MetricsFile {
  public:
    static constexpr std::chrono::seconds kEvery{15};

    using Text = std::function<std::string()>;
    using Say = std::function<void(LogLevel level, std::string_view text)>;
    MetricsFile(boost::asio::io_context& loop, Text text, Say say);
    ~MetricsFile();
    MetricsFile(const MetricsFile&) = delete;
    MetricsFile& operator=(const MetricsFile&) = delete;

    // From now on there, and nowhere where it is empty. Nothing where it is so already.
    void write_to(const std::string& path);
    // Why they are not there; empty where they are, or are to be nowhere.
    std::string problem() const { return problem_.empty() ? "" : "no metrics: " + problem_; }

  private:
    void write_now();
    void write();
    void remove();

    Text text_;
    Say say_;
    boost::asio::steady_timer next_;
    std::string path_;     // empty: nowhere
    std::string problem_;  // why it cannot be written, as it was told
    UniqueFd written_;     // what we have put there
};

}  // namespace onemarket
