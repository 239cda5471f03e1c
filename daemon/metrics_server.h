// SPDX-License-Identifier: Apache-2.0
// Metrics over HTTP, for whoever comes for them.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <string>

#include "daemon/listener.h"
#include "protocol/reply.h"

namespace onemarket {

// A port or a Unix socket, on the loop that serves oned. Whoever connects can do no more than cost
// a little time: one answer a connection, few connections, short requests, a pause between two
// connections, an end to each, and a text that is made once a second at most. What goes wrong is a
// LOG line and tried again. Used by the loop's thread.
class MetricsServer {
  public:
    static constexpr size_t kMaxConnections = 16;         // one more takes a silent one's place
    static constexpr size_t kMaxHeader = 8192;            // bytes of a request
    static constexpr std::chrono::seconds kPatience{10};  // for request and answer
    static constexpr std::chrono::milliseconds kPause{5};
    static constexpr std::chrono::seconds kFresh{1};
    static constexpr std::chrono::seconds kAgain{5};  // where the address cannot be had

    using Text = std::function<std::string()>;
    using Say = std::function<void(LogLevel level, std::string_view text)>;
    MetricsServer(boost::asio::io_context& loop, Text text, Say say);

    // From now on there, and nowhere where it is empty. Nothing where it is so already.
    void listen(const std::string& address);
    // Why they are not there; empty where they are, or are to be nowhere.
    std::string problem() const {
        return problem_.empty() ? "" : "no metrics at " + address_ + ": " + problem_;
    }

  private:
    class Connection;

    void try_open();
    void open();
    const std::string& text();

    Text make_text_;
    Say say_;
    boost::asio::steady_timer again_;
    std::string address_;  // where it should be; empty: nowhere
    std::string problem_;  // why it is not there, as it was told
    std::string text_;
    std::chrono::steady_clock::time_point text_time_;
    Listener listener_;
};

}  // namespace onemarket
