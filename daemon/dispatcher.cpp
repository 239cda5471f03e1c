// SPDX-License-Identifier: Apache-2.0
#include "daemon/dispatcher.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <new>
#include <utility>

namespace onemarket {
namespace {

using boost::system::error_code;
using std::chrono::milliseconds;

constexpr size_t kReadBytes = size_t{256} << 10;
constexpr unsigned kQuickThreads = 4;
constexpr int kPipeBytes = 1 << 20;  // what an unprivileged process may ask for
// oned reads the answer to INIT at some moment of its own start; log lines come after that.
constexpr std::chrono::seconds kLogsAfterInit{3};
// oned kills a driver that has not ended ten seconds after FINALIZE; this is well before.
constexpr milliseconds kLastResort{4500};
constexpr milliseconds kLastWords{300};  // for answers that oned may still read

int duplicate(int fd) {
    const int copy = ::fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (copy < 0) throw system_error(errno, "dup");
    return copy;
}

// A large pipe lets oned write a long request without waiting, and its lines stay whole: while the
// pipe is full, two of its threads' lines can mix.
UniqueFd enlarged(UniqueFd fd) {
    (void)::fcntl(fd.get(), F_SETPIPE_SZ, kPipeBytes);
    return fd;
}

}  // namespace

Dispatcher::Dispatcher(Setup setup, const Services& services, LogFile& log)
    : services_(services),
      log_(log),
      in_(loop_, enlarged(std::move(setup.in)).release()),
      out_watch_(loop_, duplicate(setup.out.get())),
      signals_(loop_, SIGTERM, SIGINT),
      logs_release_(loop_),
      grace_(loop_),
      last_resort_(loop_),
      input_(kReadBytes),
      in_flight_({services.config.queue_requests, services.config.queue_megabytes << 20}),
      writer_(enlarged(std::move(setup.out)),
              [this] { boost::asio::post(loop_, [this] { stop("stdout is closed", {}); }); }),
      worker_(services, in_flight_,
              {[this](Reply reply) { writer_.reply(std::move(reply)); },
               [this](LogLevel level, ObjectId id, std::string_view text) {
                   writer_.log(level, id, text);
               },
               [this](LogLevel level, std::string_view text) { log_.write(level, text); }}) {
    const auto run = [this](const FlightPtr& flight) { run_flight(flight); };
    const auto no_key = [](const Flight&) { return std::nullopt; };
    imports_ = std::make_unique<Lane>(setup.sync ? 1 : setup.import_threads, no_key, run);
    if (!setup.sync) quick_ = std::make_unique<Lane>(kQuickThreads, Worker::market_of, run);
}

void Dispatcher::tell(LogLevel level, std::string_view text) {
    log_.write(level, text);
    writer_.log(level, 0, text);
}

bool Dispatcher::run() {
    signals_.async_wait([this](const error_code& error, int number) {
        if (!error) stop(number == SIGTERM ? "SIGTERM" : "SIGINT", services_.config.shutdown_grace);
    });
    watch_output();
    read_when_ready();
    loop_.run();
    if (gave_up_) return false;
    imports_.reset();
    quick_.reset();
    writer_.close(kLastWords);
    log_.write(LogLevel::info, "stopped");
    return true;
}

void Dispatcher::read_when_ready() {
    if (stopping_) return;
    in_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                   [this](const error_code& error) {
                       if (error == boost::asio::error::operation_aborted) return;
                       // A regular file cannot be waited for, and need not be.
                       if (error == boost::asio::error::operation_not_supported)
                           boost::asio::post(loop_, [this] { read_now(); });
                       else
                           read_now();
                   });
}

void Dispatcher::read_now() {
    if (stopping_) return;
    const ssize_t got = ::read(in_.native_handle(), input_.data(), input_.size());
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return read_when_ready();
    const auto take = [this](std::string_view line) { on_line(line); };
    if (got <= 0) {
        lines_.finish(take);
        return stop("end of stdin", services_.config.shutdown_grace);
    }
    lines_.append(std::string_view(input_.data(), static_cast<size_t>(got)), take);
    if (lines_.overlong_lines() != overlong_told_) {
        overlong_told_ = lines_.overlong_lines();
        tell(LogLevel::error, "ignored a line of more than " + std::to_string(kMaxLineBytes) +
                                  " bytes: nobody knows what it asked for");
    }
    read_when_ready();
}

void Dispatcher::watch_output() {
    out_watch_.async_wait(boost::asio::posix::stream_descriptor::wait_error,
                          [this](const error_code& error) {
                              if (!error) stop("stdout is closed", milliseconds(0));
                          });
}

void Dispatcher::on_line(std::string_view line) {
    if (stopping_ || is_blank_line(line)) return;
    try {
        const Result<Request> request = parse_request(line);
        if (!request) return tell(LogLevel::warning, "ignored a line: " + request.reason());
        on_request(*request);
    } catch (const std::bad_alloc&) {
        tell(LogLevel::error, "ignored a line: out of memory");
    }
}

void Dispatcher::on_request(const Request& request) {
    switch (request.action) {
        case Action::init:
            writer_.init_answer();
            logs_release_.expires_after(kLogsAfterInit);
            logs_release_.async_wait([this](const error_code& error) {
                if (!error) writer_.release_logs();
            });
            return;
        case Action::finalize:
            return stop("FINALIZE", services_.config.shutdown_grace);
        case Action::driver_cancel:
            writer_.release_logs();
            if (in_flight_.cancel(Action::import, request.id)) return expedite(request.id);
            return tell(LogLevel::info,
                        "app " + std::to_string(request.id) + ": no import to cancel");
        default:
            break;
    }
    writer_.release_logs();  // oned speaks: it has read the answer to INIT
    const FlightPtr flight = in_flight_.add(request);
    if (!flight) return refuse(request);
    if (flight->request.action == Action::remove && in_flight_.cancel_import_before(flight))
        return expedite(request.id);
    start(flight);
}

// No worker will ever see this request. An app that is a template must not be answered for.
void Dispatcher::refuse(const Request& request) {
    if (request.action == Action::import && Worker::is_template(request)) return;
    writer_.reply({request.action, false, request.id, "Too many requests are waiting"});
}

// A cancelled import need not wait for a thread to become free, nor the DELETE behind it.
void Dispatcher::expedite(ObjectId app) {
    if (!quick_) return;
    for (const FlightPtr& flight : in_flight_.find(Action::import, app))
        if (imports_->take_back(flight)) start_on(*quick_, flight);
}

void Dispatcher::start(const FlightPtr& flight) {
    const bool quick = quick_ && flight->request.action != Action::import;
    start_on(quick ? *quick_ : *imports_, flight);
}

// A system that gives no thread at all: this one answers, slowly but surely.
void Dispatcher::start_on(Lane& lane, const FlightPtr& flight) {
    if (!lane.post(flight)) run_flight(flight);
}

void Dispatcher::run_flight(const FlightPtr& flight) {
    worker_.run(flight);
    for (const FlightPtr& next : in_flight_.finish(flight)) start(next);
    if (stopping_) boost::asio::post(loop_, [this] { end_if_idle(); });
}

void Dispatcher::stop(std::string_view why, milliseconds grace) {
    if (!stopping_) {
        stopping_ = true;
        log_.write(LogLevel::info, "stopping: " + std::string(why) + ", " +
                                       std::to_string(in_flight_.size()) + " requests left");
        in_.cancel();
        signals_.cancel();
        last_resort_.expires_after(kLastResort);
        last_resort_.async_wait([this](const error_code& error) {
            if (error) return;
            log_.write(LogLevel::error, std::to_string(in_flight_.size()) +
                                            " requests could not be stopped in time");
            gave_up_ = true;
            loop_.stop();
        });
    }
    grace_.expires_after(grace);
    grace_.async_wait([this](const error_code& error) {
        if (!error) in_flight_.cancel_all();
    });
    end_if_idle();
}

void Dispatcher::end_if_idle() {
    if (stopping_ && in_flight_.empty()) loop_.stop();
}

}  // namespace onemarket
