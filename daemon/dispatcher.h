// SPDX-License-Identifier: Apache-2.0
// The driver's main thread: reads oned's lines, hands requests to the workers, ends the process.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backends/io/unique_fd.h"
#include "daemon/answers.h"
#include "daemon/in_flight.h"
#include "daemon/inheritance.h"
#include "daemon/input.h"
#include "daemon/installation.h"
#include "daemon/lane.h"
#include "daemon/log.h"
#include "daemon/observer.h"
#include "daemon/reply_writer.h"
#include "daemon/retries.h"
#include "daemon/tenure.h"
#include "daemon/worker.h"

namespace onemarket {

class Dispatcher {
  public:
    struct Setup {
        UniqueFd in;   // oned's requests
        UniqueFd out;  // our answers
        unsigned import_threads = 15;
        bool sync = false;  // one worker for everything, in order
        std::string state;  // <VAR>/onemarketd
    };

    // `installation` and `log` must outlive this.
    Dispatcher(Setup setup, Installation& installation, LogFile& log);

    // A line for oned's log, and the driver's, that is about no request. From any thread.
    void tell(LogLevel level, std::string_view text);

    // Serves until FINALIZE, the end of stdin, SIGTERM, SIGINT, or until nobody reads stdout. Gives
    // what runs a short grace then, cancels the rest, and returns true when all of it has ended.
    // False: something could not be stopped within five seconds (a dead NFS server, say); the
    // process must end without waiting for it, that is without destroying this object.
    bool run();

  private:
    void watch_output();
    void on_line(std::string_view line);
    void on_request(const Request& request);
    void refuse(const Request& request);
    void forget_app(const Request& removal);
    void remove_later(const Request& request);

    void keep(const FlightPtr& flight);
    void keep_removal(const FlightPtr& flight);
    void answer(const FlightPtr& flight, Reply reply, std::optional<ErrorKind> failure);

    void begin(const FlightPtr& flight);
    void begin_import(const FlightPtr& flight);
    void expedite(ObjectId app);
    std::string cancel_import(ObjectId app);
    void start(const FlightPtr& flight);
    void start_on(Lane& lane, const FlightPtr& flight);
    void run_flight(const FlightPtr& flight);
    void run_to_its_end(const FlightPtr& flight);
    void watch_hangup();
    std::string reload();
    void stop(std::string_view why, std::chrono::milliseconds grace);
    void give_up();
    void end_if_idle();

    Config config() const { return installation_.services()->config; }

    Installation& installation_;
    LogFile& log_;
    boost::asio::io_context loop_;
    Input in_;
    boost::asio::posix::stream_descriptor out_watch_;
    boost::asio::signal_set signals_;
    boost::asio::signal_set hangup_;
    boost::asio::steady_timer logs_release_;
    boost::asio::steady_timer late_release_;
    boost::asio::steady_timer grace_;
    boost::asio::steady_timer last_resort_;
    std::atomic<bool> stopping_ = false;
    bool gave_up_ = false;

    Tenure tenure_;
    InFlight in_flight_;
    ReplyWriter writer_;
    Retries retries_;
    Answers answers_;
    Inheritance inheritance_;
    Observer observer_;
    WorkerOutput output_;
    // The last members, so the first to go: their threads use all of the above.
    std::unique_ptr<Lane> imports_;
    std::unique_ptr<Lane> quick_;   // null when sync
    std::unique_ptr<Lane> keeper_;  // writes imports down; null when sync
};

}  // namespace onemarket
