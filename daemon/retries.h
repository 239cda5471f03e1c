// SPDX-License-Identifier: Apache-2.0
// What is tried again by itself: DELETEs that oned has forgotten, the clearing away behind imports,
// and imports of an earlier life that were put off.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/in_flight.h"
#include "daemon/journal.h"
#include "protocol/error.h"
#include "protocol/reply.h"

namespace onemarket {

// Something that waits to be tried again, as it was at one moment.
struct RetryView {
    Action action;
    ObjectId id;
    Subject subject;
    std::chrono::system_clock::time_point accepted, next;
    std::string reason;  // why it failed before
};

// Each waits longer than the time before: `base`, then twice as long, up to an hour. keep(),
// clear_up_behind() and settle() are for any thread, the rest for the loop's.
class Retries {
  public:
    struct Outside {
        boost::asio::io_context& loop;
        InFlight& in_flight;
        const std::atomic<Journal*>& journal;  // may be null
        std::function<void(const FlightPtr&)> start;
        std::function<void(LogLevel, std::string_view)> tell;      // oned, and the driver's log
        std::function<void(LogLevel, std::string_view)> log_file;  // the latter alone
    };
    Retries(Outside outside, std::chrono::seconds base)
        : outside_(std::move(outside)), base_(base) {}

    // From now on.
    void set_base(std::chrono::seconds base) { base_ = base; }

    // A DELETE that failed for now. `mark`: of the import it is about, or empty. Without a journal
    // it is held until there is one; where it cannot be noted down just now, until it can. `why` it
    // failed is for those who look.
    void keep(const Request& request, const std::string& mark, const std::string& why);
    // One that is in the journal already.
    void keep(const RecordPtr& removal, const std::string& why);
    // What an import has left that failed, and could not clear away.
    void clear_up_behind(const RecordPtr& import);
    // There is a journal.
    void keep_held();
    // The same from an earlier life.
    void take_up(RecordPtr removal);

    // An IMPORT of this app has come: none that failed before is tried again. What another import
    // of its id has left is still to be cleared away.
    void forget_deletes(ObjectId app);
    // A DELETE has gone well: nothing is to be done for this app.
    void forget(ObjectId app);

    // One that was run again.
    void settle(const FlightPtr& flight, const Reply& reply, std::optional<ErrorKind> failure);

    // An import that was put off.
    void put_off(const FlightPtr& flight);
    // It, or all of them, wait no more: the caller starts them. False: it did not wait.
    bool take_back(const FlightPtr& flight);
    std::vector<FlightPtr> take_back_all();

    // How many wait, those that are held included.
    size_t waiting() const { return held_.size() + removals_.size() + put_off_.size(); }
    // The DELETEs and what is to be cleared away, at most so many, and the imports.
    std::vector<RetryView> list(size_t most) const;
    // When oned has sent the first DELETE that is noted down.
    std::optional<JournalRecord::Time> oldest() const;

    // Nothing is begun any more.
    void stop();

  private:
    using Timer = boost::asio::steady_timer;
    std::shared_ptr<Timer> after(unsigned tries, std::function<void()> act);
    using Open = std::function<RecordPtr(Journal&)>;
    struct Wanted {
        std::string what;  // for who reads of it
        Open open;
        std::string why;
    };
    void keep(ObjectId app, const Wanted& wanted, bool held = false);
    void hold(ObjectId app, const Wanted& wanted);
    void not_tried_again(ObjectId app, const Wanted& wanted, const std::string& why) const;
    void forget(ObjectId app, bool clearing);
    void remove_later(const RecordPtr& record, const std::string& why);
    void settle_later(const FlightPtr& flight, const std::string& why);
    // Where that fails it is said.
    void retire(JournalRecord& record) const;

    Outside outside_;
    std::chrono::seconds base_;
    bool stopped_ = false;
    std::multimap<ObjectId, Wanted> held_;
    std::shared_ptr<Timer> held_again_;  // while it runs, there is a journal
    struct Waiting {
        std::shared_ptr<Timer> timer;
        Subject subject;
        std::string why;
    };
    std::map<RecordPtr, Waiting> removals_;
    std::map<FlightPtr, std::shared_ptr<Timer>> put_off_;
};

}  // namespace onemarket
