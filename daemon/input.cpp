// SPDX-License-Identifier: Apache-2.0
#include "daemon/input.h"

#include <poll.h>
#include <unistd.h>

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <span>

#include "backends/io/cleared_memory.h"
#include "daemon/pipes.h"

namespace onemarket {
namespace {

using boost::system::error_code;

constexpr size_t kReadBytes = size_t{256} << 10;

}  // namespace

Input::Input(boost::asio::io_context& loop, UniqueFd fd, Outside outside)
    : outside_(std::move(outside)),
      in_(loop, enlarged(std::move(fd)).release()),
      buffer_(kReadBytes) {}

void Input::read() {
    if (closed_) return;
    in_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                   [this](const error_code& error) {
                       if (error == boost::asio::error::operation_aborted) return;
                       const auto go_on = [this] {
                           read_now();
                           read();
                       };
                       // A regular file cannot be waited for, and need not be.
                       if (error == boost::asio::error::operation_not_supported)
                           boost::asio::post(in_.get_executor(), go_on);
                       else
                           go_on();
                   });
}

void Input::read_now() {
    if (closed_) return;
    const ssize_t got = ::read(in_.native_handle(), buffer_.data(), buffer_.size());
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    const auto take = [this](std::string_view line) {
        if (!closed_) outside_.on_line(line);
    };
    if (got <= 0) {
        lines_.finish(take);
        if (!closed_) outside_.on_end();
        return;
    }
    const std::span came(buffer_.data(), static_cast<size_t>(got));
    lines_.append({came.data(), came.size()}, take);
    clear(came);
    if (lines_.overlong_lines() != overlong_told_) {
        overlong_told_ = lines_.overlong_lines();
        outside_.on_overlong();
    }
}

void Input::read_rest() {
    pollfd in{in_.native_handle(), POLLIN, 0};
    for (size_t read = 0; read < kPipeBytes && !closed_; read += buffer_.size()) {
        if (::poll(&in, 1, 0) <= 0) return;
        read_now();
    }
}

void Input::close() {
    closed_ = true;
    in_.cancel();
}

}  // namespace onemarket
