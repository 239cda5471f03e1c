// SPDX-License-Identifier: Apache-2.0
// The driver's windows: what has been answered and what is under way, for those who look at it from
// outside.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/config.h"
#include "daemon/control_socket.h"
#include "daemon/in_flight.h"
#include "daemon/metrics_file.h"
#include "daemon/metrics_server.h"
#include "daemon/progress_log.h"
#include "daemon/retries.h"
#include "daemon/state_folder.h"
#include "daemon/statistics.h"
#include "daemon/status.h"
#include "protocol/reply.h"

namespace onemarket {

// answered(), monitored() and retried() are for any thread, the rest for the loop's.
class Observer {
  public:
    struct Outside {
        boost::asio::io_context& loop;
        const InFlight& in_flight;
        const Retries& retries;
        const StateFolder& state;
        const std::atomic<Journal*>& journal;  // may be null
        // What is wrong; empty where it was done.
        std::function<std::string(ObjectId app)> cancel;
        std::function<std::string()> reload;
        std::function<void(LogLevel, ObjectId, std::string_view)> say;  // to oned, and the log
    };
    Observer(Outside outside, const Config& config);

    // Metrics are where it says, from now on.
    void use(const Config& config);

    // The state folder is ours: whoever asks there is answered. Nothing where that is so already,
    // and again where somebody has removed the socket.
    void open();
    // The folder is another one.
    void close();
    // Nothing is to be seen of the driver any more: no socket, no figures.
    void end();

    void answered(const FlightPtr& flight, const Reply& reply, std::optional<ErrorKind> failure);
    void monitored(const FlightPtr& flight, std::string_view text);
    void retried(Action action) { statistics_.retried(action); }

    Status status() const;

  private:
    void look_later();

    Outside outside_;
    const WallTime started_ = std::chrono::system_clock::now();
    Statistics statistics_;
    ControlSocket control_;
    MetricsServer metrics_server_;
    MetricsFile metrics_file_;
    std::string control_problem_;  // as it was told
    ProgressLog progress_;
    boost::asio::steady_timer look_;
};

}  // namespace onemarket
