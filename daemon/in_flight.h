// SPDX-License-Identifier: Apache-2.0
// Every request that was read and not yet answered.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "backends/transfer.h"
#include "daemon/journal.h"
#include "daemon/subject.h"
#include "protocol/request.h"

namespace onemarket {

// One request on its way. Shared between the thread that reads and the worker that answers.
struct Flight {
    using Time = std::chrono::system_clock::time_point;

    explicit Flight(Request what, std::atomic<uint64_t>* moved = nullptr)
        : request(std::move(what)), transfer(moved) {}

    const Request request;
    Time accepted = std::chrono::system_clock::now();  // by this life or an earlier one
    // Since when this life has it.
    const std::chrono::steady_clock::time_point since = std::chrono::steady_clock::now();
    Transfer transfer;
    // Set by InFlight::describe(), for an IMPORT before a worker has it.
    Subject subject;
    std::stop_source stop;
    // For a DELETE: where the import of its app had put it, if that was too late to stop. oned may
    // have sent the DELETE before it read the import's SUCCESS, and so without a SOURCE. Set before
    // the DELETE is handed to a worker.
    std::optional<std::string> published_source;

    // The mark of that import, or of one that ended otherwise, where it was kept on disk.
    std::string import_mark;

    // What is kept of it on disk; null where nothing is. Set by InFlight::keep() before a worker
    // has it.
    RecordPtr record;
    // oned did not send it in this life. It is answered when oned speaks; not at all where it asks
    // for something again that was answered before.
    enum class Origin { oned, earlier_life, repeated } origin = Origin::oned;
    // Why it is not done, where that is known before a worker has it; empty otherwise.
    std::string refusal;
    // oned has sent an IMPORT of the same app: this one is of an app that is no more. It is not
    // answered.
    std::atomic<bool> superseded = false;
    // Of the thread that runs it: how often it was put off, and what for; or what kept a DELETE
    // from clearing up, which is one all the same.
    unsigned delays = 0;
    std::string obstacle;

    // Where it is: in a queue, with a worker, or put off.
    enum class State { waiting, running, delayed };

  private:
    friend class InFlight;
    State state_ = State::waiting;
    bool suspended_ = false;
    bool kept_ = false;  // it is on disk, or about to be
    bool given_up_ = false;
    bool cancelled_ = false;                     // for good: no SUCCESS may follow
    std::optional<std::string> committed_;       // an import's SOURCE, once it may be told
    std::vector<std::shared_ptr<Flight>> next_;  // what waits for this one's end
    size_t waits_for_ = 0;                       // how many it waits for itself
};
using FlightPtr = std::shared_ptr<Flight>;

// A request as it was at one moment.
struct FlightView {
    Action action;
    ObjectId id;
    Subject subject;
    Flight::State state;
    bool cancelled;
    Flight::Time accepted;
    Transfer::State transfer;
};

// How many there are of each.
struct StateCounts {
    size_t waiting = 0, running = 0, delayed = 0;
    void add(Flight::State state);
};
struct FlightCounts : StateCounts {
    std::map<Action, StateCounts> actions;  // those there are any of
    std::optional<Flight::Time> oldest;     // of those that are on disk: when it was accepted
};

// The table, keyed by action and id. An id may stand in it several times: each request gets its own
// answer. Thread-safe.
class InFlight {
  public:
    // How much may wait at one time.
    struct Limits {
        size_t requests;
        size_t bytes;  // of payloads
    };
    explicit InFlight(Limits limits) : limits_(limits) {}
    // From now on; what waits is left to wait.
    void set_limits(Limits limits);

    // Takes a request in; null when that would pass a limit.
    FlightPtr add(Request request);

    // Takes a request in that is on disk already, however much waits.
    FlightPtr take_up(RecordPtr record, Flight::Origin origin);

    // Stops every request of this action and id that can be: one that is committed goes on. False
    // when there is none.
    bool cancel(Action action, ObjectId id);
    // All there are, for the end of this life. Those that are kept on disk are stopped as well, but
    // without being cancelled, where `suspend` says so: their record is suspended.
    void stop_all(bool suspend);

    // Whether an IMPORT is to be put on disk: not one that is refused, was cancelled meanwhile, or
    // is of a template. Given up: nothing is to be done with it any more.
    enum class Keeping { wanted, unwanted, given_up };
    Keeping begin_keeping(const FlightPtr& flight);
    // For the end of this life: the IMPORTs that are not on disk, nor about to be, nor with a
    // worker. They are to be answered, and no worker gets them any more.
    std::vector<FlightPtr> give_up_unkept();
    // The request is on disk.
    void keep(const FlightPtr& flight, RecordPtr record);

    // The requests of this action and id.
    std::vector<FlightPtr> find(Action action, ObjectId id) const;

    // For a DELETE: stops the IMPORT of the same app and lets `flight` wait for its end. False when
    // there is no such import, and `flight` may run at once; it then knows what the last import of
    // its app published, if that was among the last kRemembered.
    static constexpr size_t kRemembered = 1000;
    bool cancel_import_before(const FlightPtr& flight);

    // It waits for release() as well, which is true when there is nothing else it waits for.
    void hold(const FlightPtr& flight);
    bool release(const FlightPtr& flight);

    // For an IMPORT: stops what earlier lives have left to do with another app of its id, and lets
    // `flight` wait for its end. False when there is nothing of the kind.
    bool supersede_before(const FlightPtr& flight);

    // The point of no return of an import, between "it is published" and "oned is told": false when
    // it was cancelled before, and then stays so; true means that no later cancel takes hold.
    bool commit(const FlightPtr& flight, const std::string& source);

    // What an import of this app has published, although no request for it was here.
    void remember(ObjectId app, const std::string& source);

    // Takes an answered request out. Returns what waited for it and may run now.
    std::vector<FlightPtr> finish(const FlightPtr& flight);

    // What the request is about, and where it is now.
    void describe(const FlightPtr& flight, Subject subject);
    // False where it was given up: it is not to run.
    bool enter(const FlightPtr& flight, Flight::State state);

    // For whoever watches: at most so many, those that are with a worker first, the oldest first.
    std::vector<FlightView> list(size_t most) const;
    FlightCounts count() const;
    // Bytes of images that have moved, all in all.
    uint64_t moved() const { return moved_; }

    bool empty() const;
    size_t size() const;

  private:
    using Key = std::pair<Action, ObjectId>;
    static Key key(const Flight& flight) { return {flight.request.action, flight.request.id}; }
    static bool cancel(Flight& flight);
    static void wait_for(Flight& earlier, const FlightPtr& flight);
    size_t counted() const { return flights_.size() - taken_up_; }
    void remember_locked(ObjectId app, const std::string& source);

    mutable std::mutex mutex_;
    Limits limits_;
    std::multimap<Key, FlightPtr> flights_;
    size_t bytes_ = 0;
    std::atomic<uint64_t> moved_ = 0;
    size_t taken_up_ = 0;                        // of those in the table: they do not count
    std::map<ObjectId, std::string> published_;  // by imports that were answered
    std::deque<ObjectId> published_order_;       // oldest first
};

}  // namespace onemarket
