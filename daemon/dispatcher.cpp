// SPDX-License-Identifier: Apache-2.0
#include "daemon/dispatcher.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <new>
#include <stdexcept>
#include <utility>

#include "backends/io/cleared_memory.h"
#include "daemon/pipes.h"

namespace onemarket {
namespace {

using boost::system::error_code;
using std::chrono::milliseconds;

constexpr unsigned kQuickThreads = 4;
// oned reads the answer to INIT at some moment of its own start; log lines come after that.
constexpr std::chrono::seconds kLogsAfterInit{3};
// oned may be a follower at its start, which drops answers; a leader sends requests.
constexpr std::chrono::minutes kLateRepliesAfter{10};
// oned waits ten seconds for the answer to INIT, and the journal may be long: it is read behind
// that.
constexpr milliseconds kWaitForInit{1000};
// oned kills a driver that has not ended ten seconds after FINALIZE; this is well before.
constexpr milliseconds kLastResort{4500};
constexpr milliseconds kLastWords{300};  // for answers that oned may still read
constexpr const char* kTooMany = "Too many requests are waiting";
constexpr const char* kNotNoted = "The driver was told to end before it could note the import down";

int duplicate(int fd) {
    const int copy = ::fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (copy < 0) throw system_error(errno, "dup");
    return copy;
}

InFlight::Limits queue_limits(const Config& config) {
    return {config.queue_requests, config.queue_megabytes << 20};
}

}  // namespace

Dispatcher::Dispatcher(Setup setup, Installation& installation, LogFile& log)
    : installation_(installation),
      log_(log),
      in_(loop_, std::move(setup.in),
          {[this](std::string_view line) { on_line(line); },
           [this] { stop("end of stdin", config().shutdown_grace); },
           [this] { tell(LogLevel::error, "out of memory: a request waits until there is some"); },
           [this] {
               tell(LogLevel::error, "ignored a line of more than " +
                                         std::to_string(kMaxLineBytes) +
                                         " bytes: nobody knows what it asked for");
           }}),
      out_watch_(loop_, duplicate(setup.out.get())),
      signals_(loop_, SIGTERM, SIGINT),
      hangup_(loop_, SIGHUP),
      logs_release_(loop_),
      late_release_(loop_),
      grace_(loop_),
      last_resort_(loop_),
      tenure_(std::move(setup.state),
              {loop_, [this] { observer_.open(); }, [this] { observer_.close(); },
               [this](Journal::Left left) {
                   inheritance_.take_up(std::move(left));
                   retries_.keep_held();
               },
               [this] { retries_.keep_held(); },
               [this](const std::vector<FlightPtr>& waited) {
                   for (const FlightPtr& flight : waited) begin(flight);
                   writer_.release_late_replies();
               },
               [this](LogLevel level, std::string_view text) { tell(level, text); }}),
      in_flight_(queue_limits(config())),
      writer_(enlarged(std::move(setup.out)),
              [this] { boost::asio::post(loop_, [this] { stop("stdout is closed", {}); }); }),
      retries_(
          {loop_, in_flight_, tenure_.journal(), [this](const FlightPtr& flight) { start(flight); },
           [this](LogLevel level, std::string_view text) { tell(level, text); },
           [this](LogLevel level, std::string_view text) { log_.write(level, text); }},
          config().delete_retry),
      answers_({loop_, writer_, retries_,
                [this](LogLevel level, std::string_view text) { tell(level, text); }}),
      inheritance_({in_flight_, writer_, retries_, answers_,
                    [this](const FlightPtr& flight) { start(flight); },
                    [this](LogLevel level, std::string_view text) { tell(level, text); }}),
      observer_({loop_, in_flight_, retries_, tenure_.folder(), tenure_.journal(),
                 [this](ObjectId app) { return cancel_import(app); }, [this] { return reload(); },
                 [this](LogLevel level, ObjectId id, std::string_view text) {
                     log_.write(level, text);
                     writer_.log(level, id, text);
                 }},
                config()),
      output_({[this](const FlightPtr& flight, Reply reply, std::optional<ErrorKind> failure) {
                   answer(flight, std::move(reply), failure);
               },
               [this](LogLevel level, ObjectId id, std::string_view text) {
                   writer_.log(level, id, text);
               },
               [this](LogLevel level, std::string_view text) { log_.write(level, text); },
               [this](const FlightPtr& flight, std::string_view text) {
                   observer_.monitored(flight, text);
               }}) {
    const auto run = [this](const FlightPtr& flight) { run_flight(flight); };
    const auto no_key = [](const Flight&) { return std::nullopt; };
    imports_ = std::make_unique<Lane>(setup.sync ? 1 : setup.import_threads, no_key, run);
    if (setup.sync) return;
    quick_ = std::make_unique<Lane>(kQuickThreads, Worker::market_of, run);
    keeper_ = std::make_unique<Lane>(1, no_key, [this](const FlightPtr& flight) { keep(flight); });
}

void Dispatcher::tell(LogLevel level, std::string_view text) {
    const std::string line = one_line(text);  // a file's name may be anything
    log_.write(level, line);
    writer_.log(level, 0, line);
}

bool Dispatcher::run() {
    signals_.async_wait([this](const error_code& error, int number) {
        if (error) return;
        in_.read_rest();
        stop(number == SIGTERM ? "SIGTERM" : "SIGINT", config().shutdown_grace);
    });
    tenure_.look_after(kWaitForInit);
    late_release_.expires_after(kLateRepliesAfter);
    late_release_.async_wait([this](const error_code& error) {
        if (!error) writer_.release_late_replies();
    });
    watch_output();
    watch_hangup();
    in_.read();
    while (loop_.run_one() > 0) {
        loop_.poll();
        clear_stack();  // before it waits for the next message
    }
    observer_.end();
    if (gave_up_) {
        writer_.close(kLastWords);
        return false;
    }
    keeper_.reset();
    imports_.reset();
    quick_.reset();
    writer_.close(kLastWords);
    log_.write(LogLevel::info, "stopped");
    return true;
}

void Dispatcher::watch_output() {
    out_watch_.async_wait(boost::asio::posix::stream_descriptor::wait_error,
                          [this](const error_code& error) {
                              if (!error) stop("stdout is closed", milliseconds(0));
                          });
}

void Dispatcher::on_line(std::string_view line) {
    if (is_blank_line(line)) return;
    const Result<Request> request = parse_request(line);
    if (!request) return tell(LogLevel::warning, "ignored a line: " + request.reason());
    on_request(*request);
}

void Dispatcher::on_request(const Request& request) {
    switch (request.action) {
        case Action::init:
            writer_.init_answer();
            tenure_.look();
            logs_release_.expires_after(kLogsAfterInit);
            logs_release_.async_wait([this](const error_code& error) {
                if (!error) writer_.release_logs();
            });
            return;
        case Action::finalize:
            return stop("FINALIZE", config().shutdown_grace);
        case Action::driver_cancel:
            writer_.release_logs();
            if (in_flight_.find(Action::import, request.id).empty())
                tell(LogLevel::info, "app " + std::to_string(request.id) + ": no import to cancel");
            (void)cancel_import(request.id);
            return;
        default:
            break;
    }
    writer_.release_logs();  // oned speaks: it has read the answer to INIT
    const FlightPtr flight = in_flight_.add(request);
    try {
        if (flight && !tenure_.admits(flight)) return;
        if (flight)
            begin(flight);
        else
            refuse(request);
        writer_.release_late_replies();  // behind an IMPORT that makes some of them void
    } catch (const std::bad_alloc&) {
        // It must not come again. There is not even memory for trifles: the next life goes on.
        throw std::runtime_error("out of memory");
    }
}

void Dispatcher::begin(const FlightPtr& flight) {
    const ObjectId id = flight->request.id;
    if (flight->request.action == Action::import) {
        in_flight_.describe(flight, subject_of(flight->request));
        if (flight->subject.is_template) return begin_import(flight);
        retries_.forget_deletes(id);
        const bool waits = in_flight_.supersede_before(flight);
        answers_.supersede(id);  // behind the line before: what is not here yet is void
        return waits ? expedite(id) : begin_import(flight);
    }
    if (flight->request.action == Action::remove) {
        forget_app(flight->request);
        in_flight_.hold(flight);  // until it is noted
        if (in_flight_.cancel_import_before(flight)) {
            if (!keeper_ || !keeper_->post(flight)) keep_removal(flight);
            return expedite(id);
        }
        (void)in_flight_.release(flight);
    }
    start(flight);
}

void Dispatcher::begin_import(const FlightPtr& flight) {
    tenure_.look();
    if (tenure_.journal() == nullptr && !flight->subject.is_template)
        flight->refusal = "The import cannot be noted down: " + tenure_.folder().obstacle();
    if (!flight->refusal.empty() || !keeper_ || !keeper_->post(flight)) keep(flight);
}

// No worker will ever see this request. An app that is a template must not be answered for; and
// oned drops an app whatever its DELETE is answered.
void Dispatcher::refuse(const Request& request) {
    if (request.action == Action::import && subject_of(request).is_template) return;
    if (request.action == Action::remove) remove_later(request);
    writer_.reply({request.action, false, request.id, kTooMany});
}

void Dispatcher::forget_app(const Request& removal) {
    if (!tenure_.had_journal()) inheritance_.deleted_unseen(removal);
    answers_.drop(removal.id);
}

void Dispatcher::remove_later(const Request& request) {
    forget_app(request);
    std::string mark;
    for (const FlightPtr& import : in_flight_.find(Action::import, request.id))
        if (import->record) mark = import->record->mark();
    (void)cancel_import(request.id);
    retries_.keep(request, mark, kTooMany);
}

// --- What outlives the process ---

// Writes an import down before any work. A template is none: nothing is done, nothing answered.
void Dispatcher::keep(const FlightPtr& flight) {
    if (flight->request.action == Action::remove) return keep_removal(flight);
    const InFlight::Keeping keeping = in_flight_.begin_keeping(flight);
    if (keeping == InFlight::Keeping::given_up) return;
    if (keeping == InFlight::Keeping::wanted) {
        try {
            Journal* const journal = tenure_.journal();
            if (journal == nullptr)
                throw Error(ErrorKind::unavailable,
                            tenure_.folder().journal() + " cannot be used any more");
            in_flight_.keep(flight, journal->open(flight->request));
        } catch (const Error& error) {
            flight->refusal = std::string("The import cannot be noted down: ") + error.what();
        }
    }
    // One that is refused, or was cancelled meanwhile, need not wait for a thread.
    const bool ends = !flight->refusal.empty() || flight->stop.stop_requested();
    start_on(quick_ && ends ? *quick_ : *imports_, flight);
    // Cancelled as it was posted, that did not find it there.
    if (quick_ && !ends && flight->stop.stop_requested() && imports_->take_back(flight))
        start_on(*quick_, flight);
}

// Of an app whose import is still to end: whatever ends this life, the next does not go on with it.
void Dispatcher::keep_removal(const FlightPtr& flight) {
    Journal* const journal = tenure_.journal();
    for (const FlightPtr& import : in_flight_.find(Action::import, flight->request.id)) {
        if (journal == nullptr || !import->record || flight->record) continue;
        try {
            in_flight_.keep(flight, journal->open(flight->request, import->record->mark()));
        } catch (const Error& error) {
            tell(LogLevel::error, "app " + std::to_string(flight->request.id) +
                                      ": that it is deleted cannot be noted down: " + error.what());
        }
    }
    if (in_flight_.release(flight)) start(flight);
}

void Dispatcher::answer(const FlightPtr& flight, Reply reply, std::optional<ErrorKind> failure) {
    if (flight->origin == Flight::Origin::repeated) {
        observer_.retried(reply.action);
        return retries_.settle(flight, reply, failure);
    }
    observer_.answered(flight, reply, failure);
    if (reply.action == Action::remove) return answers_.give_removal(*flight, reply, failure);
    if (flight->superseded) return answers_.supersede(flight->record, reply);
    if (!flight->record) return writer_.reply(std::move(reply));
    answers_.give(flight, reply);
}

// --- Lanes ---

// A cancelled import need not wait for a thread to become free, nor the DELETE behind it.
void Dispatcher::expedite(ObjectId app) {
    for (const FlightPtr& flight : in_flight_.find(Action::import, app))
        if (retries_.take_back(flight) || (quick_ && imports_->take_back(flight)))
            start_on(quick_ ? *quick_ : *imports_, flight);
}

// Why it cannot be; empty where it will be answered so.
std::string Dispatcher::cancel_import(ObjectId app) {
    if (in_flight_.cancel(Action::import, app)) {
        expedite(app);
        return "";
    }
    const std::string name = "app " + std::to_string(app);
    return in_flight_.find(Action::import, app).empty() ? "no import of " + name
                                                        : name + ": too late, it is published";
}

void Dispatcher::start(const FlightPtr& flight) {
    in_flight_.enter(flight, Flight::State::waiting);
    const bool quick = quick_ && flight->request.action != Action::import;
    start_on(quick ? *quick_ : *imports_, flight);
}

// A system that gives no thread at all: this one answers, slowly but surely.
void Dispatcher::start_on(Lane& lane, const FlightPtr& flight) {
    if (!lane.post(flight)) run_flight(flight);
}

void Dispatcher::run_flight(const FlightPtr& flight) {
    if (!in_flight_.enter(flight, Flight::State::running)) return;
    try {
        run_to_its_end(flight);
    } catch (const std::bad_alloc&) {
        // For its answer, that is: the next life goes on.
        boost::asio::post(loop_, [] { throw std::runtime_error("out of memory"); });
    }
}

void Dispatcher::run_to_its_end(const FlightPtr& flight) {
    const std::shared_ptr<const Services> services = installation_.services();
    if (Worker(*services, in_flight_, output_).run(flight) == Worker::End::later) {
        in_flight_.enter(flight, Flight::State::delayed);
        return boost::asio::post(loop_, [this, flight] { retries_.put_off(flight); });
    }
    for (const FlightPtr& next : in_flight_.finish(flight)) {
        if (next->request.action == Action::import)
            boost::asio::post(loop_, [this, next] { begin_import(next); });
        else
            start(next);
    }
    if (stopping_) boost::asio::post(loop_, [this] { end_if_idle(); });
}

// --- The configuration, once more ---

void Dispatcher::watch_hangup() {
    hangup_.async_wait([this](const error_code& error, int) {
        if (error) return;
        (void)reload();
        watch_hangup();
    });
}

// What runs goes on as it was begun.
std::string Dispatcher::reload() {
    const Installation::Reading reading = installation_.reload();
    for (const std::string& fault : reading.faults)
        tell(LogLevel::error, "the configuration stays as it was: " + fault);
    if (!reading.faults.empty()) return reading.faults.front();
    for (const std::string& problem : reading.problems) tell(LogLevel::warning, problem);
    const Config now = config();
    in_flight_.set_limits(queue_limits(now));
    retries_.set_base(now.delete_retry);
    observer_.use(now);
    const std::string problem = log_.reopen(now.log_level, now.log_megabytes, now.log_files);
    if (!problem.empty()) tell(LogLevel::error, "the log file stays as it was: " + problem);
    tell(LogLevel::info, "the configuration was read again");
    return "";
}

void Dispatcher::stop(std::string_view why, milliseconds grace) {
    if (!stopping_) {
        stopping_ = true;
        tenure_.end();
        retries_.stop();
        log_.write(LogLevel::info, "stopping: " + std::string(why) + ", " +
                                       std::to_string(in_flight_.size()) + " requests left");
        in_.close();
        signals_.cancel();
        hangup_.cancel();
        last_resort_.expires_after(kLastResort);
        last_resort_.async_wait([this](const error_code& error) {
            if (error) return;
            give_up();
        });
    }
    grace_.expires_after(grace);
    grace_.async_wait([this](const error_code& error) {
        if (error) return;
        in_flight_.stop_all(config().resume_imports);
        for (const FlightPtr& flight : retries_.take_back_all()) start(flight);
    });
    end_if_idle();
}

// Imports that are on disk are for the next start; the others would be lost without a word.
void Dispatcher::give_up() {
    log_.write(LogLevel::error,
               std::to_string(in_flight_.size()) + " requests could not be stopped in time");
    for (const FlightPtr& flight : in_flight_.give_up_unkept())
        answer(flight, {Action::import, false, flight->request.id, kNotNoted},
               ErrorKind::cancelled);
    gave_up_ = true;
    loop_.stop();
}

void Dispatcher::end_if_idle() {
    if (stopping_ && in_flight_.empty()) loop_.stop();
}

}  // namespace onemarket
