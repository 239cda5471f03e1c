// SPDX-License-Identifier: Apache-2.0
#include "daemon/worker.h"

#include <malloc.h>

#include <new>

#include "daemon/handlers/monitor.h"
#include "daemon/handlers/remove.h"
#include "daemon/redact.h"
#include "daemon/words.h"
#include "protocol/base64.h"

namespace onemarket {

// One request's log: "app 5:" or "market 100:" before each text, secrets out of it.
class Worker::Log : public RequestLog {
  public:
    Log(const WorkerOutput& output, const Request& request)
        : output_(output),
          id_(request.id),
          name_((request.action == Action::monitor ? "market " : "app ") +
                std::to_string(request.id)) {}

    void log(LogLevel level, std::string_view text) override {
        const std::string line = name_ + ": " + safe(text);
        if (level != LogLevel::debug) output_.oned_log(level, id_, line);
        output_.log_file(level, line);
    }

    void file(LogLevel level, std::string_view text) const {
        output_.log_file(level, name_ + ": " + std::string(text));
    }

    std::string safe(std::string_view text) const { return one_line(redact(text, secrets_)); }
    void hide(const std::vector<std::string>& secrets) override {
        secrets_.insert(secrets_.end(), secrets.begin(), secrets.end());
    }

  private:
    const WorkerOutput& output_;
    ObjectId id_;
    std::string name_;
    std::vector<std::string> secrets_;
};

namespace {

// ": 2.0 GiB in 6 s", of an import.
std::string what_moved(const Flight& flight) {
    const Transfer::State transfer = flight.transfer.state();
    if (flight.request.action != Action::import || transfer.moved == 0) return "";
    const auto span = std::chrono::steady_clock::now() - flight.since;
    return ": " + size_in_words(transfer.moved) + " in " +
           span_in_words(std::chrono::ceil<std::chrono::seconds>(span));
}

}  // namespace

Worker::End Worker::run(const FlightPtr& flight) const {
    const Request& request = flight->request;
    Log log(output_, request);
    Reply reply{request.action, false, request.id, ""};
    std::optional<ErrorKind> failure;
    const auto fail = [&](ErrorKind kind, std::string_view text) {
        failure = kind;
        reply.info = log.safe(text);
        log.file(LogLevel::error, std::string(to_string(request.action)) + " failed (" +
                                      std::string(to_string(kind)) + "): " + reply.info);
    };
    try {
        std::optional<std::string> info = handle(flight, log, failure);
        if (!info) return End::done;
        reply.success = true;
        reply.info = std::move(*info);
        log.file(request.action == Action::monitor ? LogLevel::debug : LogLevel::info,
                 std::string(to_string(request.action)) + " done" + what_moved(*flight));
    } catch (const PutOff& reason) {
        return put_off(flight, reason, log);
    } catch (const std::exception&) {
        const Error error = caught_error();
        fail(error.kind(), error.what());
    }
    if (failure && suspended(flight, log)) return End::done;
    // The trees of a large document, or of a catalogue, are some twenty times its size, in small
    // pieces the allocator would keep for ever.
    constexpr size_t large = size_t{1} << 20;
    const bool was_large = request.payload.size() > large || reply.info.size() > large;
    output_.reply(flight, std::move(reply), failure);
    if (was_large) ::malloc_trim(0);
    return End::done;
}

// It is said once; the log of the driver has all of it.
Worker::End Worker::put_off(const FlightPtr& flight, const Error& reason, Log& log) const {
    end(flight, log);
    const auto wait = services_.config.delete_retry;
    const std::string text = std::string("waits: ") + reason.what();
    flight->obstacle = log.safe(reason.what());
    if (flight->delays++ == 0)
        log.log(LogLevel::warning,
                text + "; tried again in " + std::to_string(wait.count()) + " s");
    else
        log.file(LogLevel::info, log.safe(text));
    return End::later;
}

// True for what another life of the driver will go on with.
bool Worker::suspended(const FlightPtr& flight, const Log& log) {
    if (!flight->record || !flight->record->suspended()) return false;
    log.file(LogLevel::info, "kept for the next start");
    end(flight, log);
    return true;
}

// The end of an attempt that was meant to end.
void Worker::end(const FlightPtr& flight, const Log& log) {
    try {
        flight->record->end();
    } catch (const Error& error) {
        log.file(LogLevel::warning, error.what());  // it counts as an attempt then
    }
}

std::optional<std::string> Worker::handle(const FlightPtr& flight, Log& log,
                                          std::optional<ErrorKind>& left) const {
    const Request& request = flight->request;
    if (!flight->refusal.empty()) throw Error(ErrorKind::unavailable, flight->refusal);
    // The small hours of a day's MONITORs are nobody's business.
    log.file(request.action == Action::monitor ? LogLevel::debug : LogLevel::info,
             std::string(to_string(request.action)) + " begins");
    const Result<DriverMessage> message = DriverMessage::decode(request.payload);
    if (!message) {
        log.file(LogLevel::warning, message.reason());
        throw Error(ErrorKind::bad_request, std::string(kCannotDecode));
    }
    log.hide(message->secrets());
    log.hide(services_.secrets);
    if (request.action != Action::import) in_flight_.describe(flight, subject_of(*message));
    Context context(request.id, flight->stop.get_token(), limit_of(request.action), log);
    context.watch(flight->transfer);

    switch (request.action) {
        case Action::import:
            return handle_import(
                services_, *message, context, lives_of(flight, context),
                [&](const std::string& source) { return in_flight_.commit(flight, source); });
        case Action::remove:
            // What oned waits for says what it cannot do, and is not noted what it does.
            if (flight->origin == Flight::Origin::repeated) context.keep_in(flight->record);
            if (flight->record && flight->record->clears()) {
                handle_clearing(services_, *message, context);
                return "";
            }
            if (const auto obstacle =
                    handle_remove(services_, *message, context, flight->published_source)) {
                left = obstacle->kind();
                flight->obstacle = log.safe(obstacle->what());
            }
            return "";
        case Action::monitor:
            if (services_.messages != nullptr && message->market_id() == request.id)
                services_.messages->keep(request.id, request.payload, log);
            return base64_encode(monitored(flight, handle_monitor(services_, *message, context)));
        default:
            throw Error(ErrorKind::internal, "no handler");
    }
}

std::string Worker::monitored(const FlightPtr& flight, std::string text) const {
    if (output_.monitored) output_.monitored(flight, text);
    return text;
}

EarlierLives Worker::lives_of(const FlightPtr& flight, Context& context) {
    if (!flight->record) return {};
    const JournalRecord& record = *flight->record;
    context.keep_in(flight->record);
    return {flight->origin == Flight::Origin::earlier_life, flight->delays, record.attempts(),
            std::chrono::system_clock::now() - record.accepted()};
}

TimeLimit Worker::limit_of(Action action) const {
    switch (action) {
        case Action::import:
            return services_.import_limit;
        case Action::remove:
            return services_.remove_limit;
        default:
            return services_.monitor_limit;
    }
}

std::optional<ObjectId> Worker::market_of(const Flight& flight) {
    if (flight.request.action == Action::monitor) return flight.request.id;
    try {
        const Result<DriverMessage> message = DriverMessage::decode(flight.request.payload);
        return message ? message->market_id() : std::nullopt;
    } catch (const std::bad_alloc&) {
        return std::nullopt;  // run() will meet it again, and answer
    }
}

}  // namespace onemarket
