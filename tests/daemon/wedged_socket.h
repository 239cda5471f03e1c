// SPDX-License-Identifier: Apache-2.0
// A server that lives and takes nobody in.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <boost/asio/local/stream_protocol.hpp>
#include <cerrno>
#include <string>
#include <vector>

#include "backends/io/unique_fd.h"

namespace onemarket::test {

// A Unix socket whose queue is full. Closed when it goes, and left where it is.
class WedgedSocket {
  public:
    explicit WedgedSocket(const std::string& path) : address_(path) {
        EXPECT_EQ(::bind(server_.get(), address_.data(), length()), 0);
        EXPECT_EQ(::listen(server_.get(), 0), 0);
        do clients_.push_back(stream());
        while (::connect(clients_.back().get(), address_.data(), length()) == 0);
        EXPECT_EQ(errno, EAGAIN);
    }
    void close() { server_.reset(); }

  private:
    static UniqueFd stream() {
        return UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    }
    socklen_t length() const { return static_cast<socklen_t>(address_.size()); }

    boost::asio::local::stream_protocol::endpoint address_;
    UniqueFd server_ = stream();
    std::vector<UniqueFd> clients_;
};

}  // namespace onemarket::test
