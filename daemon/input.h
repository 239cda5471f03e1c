// SPDX-License-Identifier: Apache-2.0
// oned's requests, as they come in.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backends/io/unique_fd.h"
#include "protocol/line_buffer.h"

namespace onemarket {

// The longest line read: the largest document there may be (kMaxXmlBytes) in base64.
inline constexpr size_t kMaxLineBytes = size_t{16} << 20;

// Used by the loop's thread.
class Input {
  public:
    // All are called by the loop's thread. No line comes, nor the end, once it is closed.
    struct Outside {
        // Where this has no memory the line comes again, when there may be some.
        std::function<void(std::string_view line)> on_line;
        std::function<void()> on_end;
        // There is none: once for each time.
        std::function<void()> on_no_memory;
        // A line is too long: nobody knows what it asked for.
        std::function<void()> on_overlong;
    };
    Input(boost::asio::io_context& loop, UniqueFd fd, Outside outside);

    // Begins.
    void read();
    // Reads what has been written until now, before it is closed.
    void read_rest();
    void close();

  private:
    void read_now();
    bool take();
    void take_later();

    Outside outside_;
    boost::asio::posix::stream_descriptor in_;
    boost::asio::steady_timer again_;
    std::vector<char> buffer_;
    std::span<char> came_;      // what has been read into it
    std::string_view untaken_;  // of that
    LineBuffer lines_{kMaxLineBytes};
    size_t overlong_told_ = 0;
    bool closed_ = false;
};

}  // namespace onemarket
