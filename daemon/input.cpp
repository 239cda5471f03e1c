// SPDX-License-Identifier: Apache-2.0
#include "daemon/input.h"

#include <poll.h>
#include <unistd.h>

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <chrono>
#include <new>
#include <utility>

#include "backends/io/cleared_memory.h"
#include "daemon/pipes.h"

namespace onemarket {
namespace {

using boost::system::error_code;

constexpr size_t kReadBytes = size_t{256} << 10;
constexpr std::chrono::seconds kTakeAgain{1};  // where there was no memory

}  // namespace

Input::Input(boost::asio::io_context& loop, UniqueFd fd, Outside outside)
    : outside_(std::move(outside)),
      in_(loop, enlarged(std::move(fd)).release()),
      again_(loop),
      buffer_(kReadBytes) {}

void Input::read() {
    if (closed_) return;
    in_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                   [this](const error_code& error) {
                       if (error == boost::asio::error::operation_aborted) return;
                       const auto go_on = [this] {
                           read_now();
                           untaken_.empty() ? read() : take_later();
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
    if (got <= 0) {
        lines_.finish([this](std::string_view line) {
            if (!closed_) outside_.on_line(line);
        });
        if (!closed_) outside_.on_end();
        return;
    }
    came_ = {buffer_.data(), static_cast<size_t>(got)};
    untaken_ = {came_.data(), came_.size()};
    if (!take()) outside_.on_no_memory();
}

// What was read; false where there is no memory for all of it.
bool Input::take() {
    try {
        lines_.take(untaken_, [this](std::string_view line) {
            if (!closed_) outside_.on_line(line);
        });
    } catch (const std::bad_alloc&) {
        return false;
    }
    clear(std::exchange(came_, {}));
    if (lines_.overlong_lines() != overlong_told_) {
        overlong_told_ = lines_.overlong_lines();
        outside_.on_overlong();
    }
    return true;
}

// Meanwhile nothing is read: oned waits, and nothing is lost.
void Input::take_later() {
    again_.expires_after(kTakeAgain);
    again_.async_wait([this](const error_code& error) {
        if (error || closed_) return;
        take() ? read() : take_later();
    });
}

void Input::read_rest() {
    pollfd in{in_.native_handle(), POLLIN, 0};
    for (size_t read = 0; read < kPipeBytes && !closed_; read += buffer_.size()) {
        if (!take() || ::poll(&in, 1, 0) <= 0) return;
        read_now();
    }
}

void Input::close() {
    closed_ = true;
    again_.cancel();
    in_.cancel();
}

}  // namespace onemarket
