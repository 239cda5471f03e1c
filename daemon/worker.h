// SPDX-License-Identifier: Apache-2.0
// From a request to its one answer.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "daemon/handlers/import.h"
#include "daemon/in_flight.h"
#include "daemon/services.h"
#include "protocol/error.h"
#include "protocol/reply.h"

namespace onemarket {

// Where a worker's words go.
struct WorkerOutput {
    // `failure`: of what kind it is; nothing for a success, but where leftovers of a DELETE stay.
    std::function<void(const FlightPtr&, Reply, std::optional<ErrorKind> failure)> reply;
    std::function<void(LogLevel, ObjectId, std::string_view)> oned_log;
    std::function<void(LogLevel, std::string_view)> log_file;
    // A MONITOR's text, before it is an answer.
    std::function<void(const FlightPtr&, std::string_view)> monitored = {};
};

// Runs requests. Each that was begun is answered here, once, or put off; whatever is thrown
// meanwhile becomes its FAILURE. An import that is suspended is not answered: the next life of the
// driver does. Throws std::bad_alloc where there is no memory for the answer itself. Thread-safe.
class Worker {
  public:
    // Both must outlive this; `in_flight` decides whether an import may still succeed.
    Worker(const Services& services, InFlight& in_flight, WorkerOutput output)
        : services_(services), in_flight_(in_flight), output_(std::move(output)) {}

    // Later: nothing was answered, and the request is to be run again.
    enum class End { done, later };
    End run(const FlightPtr& flight) const;

    // The marketplace a request is about; nothing when the message does not say. Requests of the
    // quick lane about one run one after the other, so that none that is dead keeps its threads.
    static std::optional<ObjectId> market_of(const Flight& flight);

  private:
    class Log;
    static bool suspended(const FlightPtr& flight, const Log& log);
    End put_off(const FlightPtr& flight, const Error& reason, Log& log) const;
    static void end(const FlightPtr& flight, const Log& log);
    static EarlierLives lives_of(const FlightPtr& flight, Context& context);
    // Nothing: oned must get no answer. `left`: why a DELETE that is one all the same is to be
    // tried again.
    std::optional<std::string> handle(const FlightPtr& flight, Log& log,
                                      std::optional<ErrorKind>& left) const;
    std::string monitored(const FlightPtr& flight, std::string text) const;
    TimeLimit limit_of(Action action) const;

    const Services& services_;
    InFlight& in_flight_;
    WorkerOutput output_;
};

}  // namespace onemarket
