// SPDX-License-Identifier: Apache-2.0
#include "daemon/observer.h"

#include <unistd.h>

#include "daemon/control.h"
#include "daemon/journal.h"
#include "daemon/metrics.h"

namespace onemarket {
namespace {

constexpr size_t kMostListed = 500;
constexpr std::chrono::seconds kLook{2};

}  // namespace

Observer::Observer(Outside outside, const Config& config)
    : outside_(std::move(outside)),
      control_(outside_.loop,
               [this](std::string_view line) {
                   return answer_control(line, {[this] { return to_json(status()); },
                                                outside_.cancel, outside_.reload});
               }),
      metrics_server_(
          outside_.loop, [this] { return to_prometheus(status(), read_process_usage()); },
          [this](LogLevel level, std::string_view text) { outside_.say(level, 0, text); }),
      // Whoever reads the file has figures of its own process.
      metrics_file_(
          outside_.loop, [this] { return to_prometheus(status(), {}); },
          [this](LogLevel level, std::string_view text) { outside_.say(level, 0, text); }),
      progress_(
          [this](ObjectId app, std::string_view text) { outside_.say(LogLevel::info, app, text); }),
      look_(outside_.loop) {
    look_later();
    use(config);
}

void Observer::use(const Config& config) {
    metrics_server_.listen(config.metrics_listen);
    metrics_file_.write_to(config.metrics_file);
}

void Observer::open() {
    if (control_.is_there()) return;
    std::string problem;
    try {
        control_.open(outside_.state.path(), kControlName);
    } catch (const Error& error) {
        problem = error.what();
    }
    if (!problem.empty() && problem != control_problem_)
        outside_.say(LogLevel::warning, 0, "no control socket: " + problem);
    control_problem_ = problem;
}

void Observer::close() {
    control_.close();
}

void Observer::end() {
    close();
    metrics_server_.listen("");
    metrics_file_.write_to("");
}

void Observer::look_later() {
    look_.expires_after(kLook);
    look_.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        progress_.look(outside_.in_flight.list(kMostListed), ProgressLog::Clock::now());
        look_later();
    });
}

void Observer::answered(const FlightPtr& flight, const Reply& reply,
                        std::optional<ErrorKind> failure) {
    const auto span = std::chrono::steady_clock::now() - flight->since;
    statistics_.answered({reply.action, reply.id, flight->subject, reply.success,
                          reply.success ? std::nullopt : failure,
                          reply.success ? std::string() : reply.info,
                          std::chrono::system_clock::now(),
                          std::chrono::duration_cast<std::chrono::milliseconds>(span),
                          reply.action == Action::import ? flight->transfer.state().moved : 0});
}

void Observer::monitored(const FlightPtr& flight, std::string_view text) {
    statistics_.monitored(flight->request.id, flight->subject, parse_usage(text),
                          std::chrono::system_clock::now());
}

Status Observer::status() const {
    Status status;
    status.now = std::chrono::system_clock::now();
    status.started = started_;
    status.pid = ::getpid();
    status.counts = outside_.in_flight.count();
    status.requests = outside_.in_flight.list(kMostListed);
    status.totals = statistics_.totals();
    status.moved = outside_.in_flight.moved();
    status.retries_waiting = outside_.retries.waiting();
    status.retries = outside_.retries.list(kMostListed);
    status.journal_records = records_in(outside_.state.journal());
    status.journal_oldest = status.counts.oldest;
    if (const auto oldest = outside_.retries.oldest())
        if (!status.journal_oldest || *oldest < *status.journal_oldest)
            status.journal_oldest = oldest;
    const Journal* const journal = outside_.journal;
    status.journal_problem = journal != nullptr ? journal->fault() : outside_.state.obstacle();
    status.metrics_problem = metrics_server_.problem();
    if (status.metrics_problem.empty()) status.metrics_problem = metrics_file_.problem();
    return status;
}

}  // namespace onemarket
