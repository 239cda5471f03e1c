// SPDX-License-Identifier: Apache-2.0
#include "daemon/retries.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <string>
#include <utility>

#include "daemon/handlers/import.h"

namespace onemarket {
namespace {

constexpr std::chrono::hours kLongest{1};
// Tries of one DELETE: all, and those that are made however old it is, since a clock may be wrong.
constexpr unsigned kMost = 30;
constexpr unsigned kFewest = 5;
constexpr size_t kMostHeld = 1000;  // requests that wait for a journal

std::string name_of(const JournalRecord& record) {
    return "app " + std::to_string(record.request().id);
}

}  // namespace

// Calls `act` on the loop's thread.
std::shared_ptr<Retries::Timer> Retries::after(unsigned tries, std::function<void()> act) {
    using std::chrono::seconds;
    const unsigned doublings = std::min(tries, 16U);
    const auto wait =
        std::min<seconds>(base_ * (1U << doublings), std::max<seconds>(base_, kLongest));
    auto timer = std::make_shared<Timer>(outside_.loop, wait);
    timer->async_wait([this, timer, act = std::move(act)](const boost::system::error_code& error) {
        if (!error && !stopped_) act();
    });
    return timer;
}

std::optional<JournalRecord::Time> Retries::oldest() const {
    std::optional<JournalRecord::Time> first;
    for (const auto& [record, waiting] : removals_)
        if (!first || record->accepted() < *first) first = record->accepted();
    return first;
}

std::vector<RetryView> Retries::list(size_t most) const {
    using std::chrono::system_clock;
    const auto now = std::chrono::steady_clock::now();
    const auto moment_of = [&](const Timer& timer) {
        return system_clock::now() +
               std::chrono::duration_cast<system_clock::duration>(timer.expiry() - now);
    };
    std::vector<RetryView> views;
    for (const auto& [record, waiting] : removals_) {
        if (views.size() == most) break;
        std::string reason = waiting.why;
        if (record->clears())
            reason = "to be cleared away behind its import" + (reason.empty() ? "" : ": " + reason);
        views.push_back({Action::remove, record->request().id, waiting.subject, record->accepted(),
                         moment_of(*waiting.timer), reason});
    }
    for (const auto& [flight, timer] : put_off_)
        views.push_back({Action::import, flight->request.id, flight->subject, flight->accepted,
                         moment_of(*timer), flight->obstacle});
    return views;
}

void Retries::stop() {
    stopped_ = true;
    for (const auto& [app, wanted] : held_)
        not_tried_again(app, wanted, "the driver ends, and it could not be noted down");
}

// --- DELETEs ---

// oned drops an app whatever its DELETE is answered: what failed for now is tried again.
void Retries::keep(const Request& request, const std::string& mark, const std::string& why) {
    keep(request.id, {"its DELETE",
                      [request, mark](Journal& journal) {
                          return mark.empty() ? journal.open(request) : journal.open(request, mark);
                      },
                      why});
}

void Retries::keep(const RecordPtr& removal, const std::string& why) {
    boost::asio::post(outside_.loop, [this, removal, why] { remove_later(removal, why); });
}

void Retries::clear_up_behind(const RecordPtr& import) {
    keep(import->request().id,
         {"what its import has left",
          [import](Journal& journal) { return journal.open_clearing(*import); }, ""});
}

// `held`: it has been, and was told.
void Retries::keep(ObjectId app, const Wanted& wanted, bool held) {
    Journal* journal = outside_.journal;
    if (journal == nullptr)
        return boost::asio::post(outside_.loop, [this, app, wanted, held] {
            if (outside_.journal != nullptr) return keep(app, wanted, held);
            hold(app, wanted);
        });
    try {
        if (const RecordPtr record = wanted.open(*journal)) keep(record, wanted.why);
    } catch (const Error& error) {
        if (!held)
            outside_.tell(LogLevel::warning,
                          "app " + std::to_string(app) + ": " + wanted.what +
                              " waits until it can be noted down: " + error.what());
        boost::asio::post(outside_.loop, [this, app, wanted] {
            hold(app, wanted);
            if (!held_again_) held_again_ = after(0, [this] { keep_held(); });
        });
    }
}

void Retries::hold(ObjectId app, const Wanted& wanted) {
    if (held_.size() == kMostHeld || stopped_)
        return not_tried_again(app, wanted, "it cannot be noted down, and no more wait for that");
    held_.emplace(app, wanted);
}

void Retries::not_tried_again(ObjectId app, const Wanted& wanted, const std::string& why) const {
    outside_.tell(LogLevel::error, "app " + std::to_string(app) + ": " + wanted.what +
                                       " will not be tried again: " + why);
}

void Retries::take_up(RecordPtr removal) {
    remove_later(removal, "not tried since the driver's start");
}

void Retries::remove_later(const RecordPtr& record, const std::string& why) {
    const auto timer = after(record->attempts(), [this, record, why] {
        if (!removals_.contains(record)) return;  // forgotten as the time came
        // An import of this app is still to end; one of another app of this id would lose what it
        // has sent so far.
        if (!outside_.in_flight.find(Action::import, record->request().id).empty())
            return remove_later(record, why);
        removals_.erase(record);
        outside_.start(outside_.in_flight.take_up(record, Flight::Origin::repeated));
    });
    removals_[record] = {timer, subject_of(record->request()), why};
}

void Retries::keep_held() {
    held_again_.reset();
    for (const auto& [app, wanted] : std::exchange(held_, {})) keep(app, wanted, true);
}

void Retries::forget_deletes(ObjectId app) {
    forget(app, false);
}

void Retries::forget(ObjectId app) {
    forget(app, true);
}

void Retries::forget(ObjectId app, bool clearing) {
    held_.erase(app);
    for (auto it = removals_.begin(); it != removals_.end();) {
        const auto& [record, waiting] = *it;
        if (record->request().id != app || (record->clears() && !clearing)) {
            ++it;
            continue;
        }
        waiting.timer->cancel();
        retire(*record);
        it = removals_.erase(it);
    }
}

void Retries::settle(const FlightPtr& flight, const Reply& reply,
                     std::optional<ErrorKind> failure) {
    JournalRecord& record = *flight->record;
    if (!failure || *failure == ErrorKind::not_found) {
        outside_.log_file(LogLevel::info, name_of(record) + ": " +
                                              (record.clears() ? "cleared up behind its import"
                                                               : "deleted at last"));
        return retire(record);
    }
    const std::string why = reply.success ? flight->obstacle : reply.info;
    if (flight->superseded) return settle_later(flight, why);
    if (*failure == ErrorKind::cancelled) return;  // the next start goes on
    // Whatever the failure is: it was a passing one when it was kept, so that it is the site's
    // configuration that was changed, and will be again.
    const bool old = std::chrono::system_clock::now() - record.accepted() > kMaxAge;
    if (record.attempts() >= (old ? kFewest : kMost)) {
        outside_.tell(LogLevel::error, name_of(record) + ": gave up deleting it: " + why);
        return retire(record);
    }
    try {
        record.begin();
    } catch (const Error& error) {
        outside_.log_file(LogLevel::error, error.what());
    }
    settle_later(flight, why);
}

void Retries::settle_later(const FlightPtr& flight, const std::string& why) {
    boost::asio::post(outside_.loop, [this, flight, why] {
        if (flight->superseded && !flight->record->clears())
            retire(*flight->record);
        else
            remove_later(flight->record, why);
    });
}

void Retries::retire(JournalRecord& record) const {
    if (!record.retire()) outside_.tell(LogLevel::error, record.path() + ": cannot be removed");
}

// --- Imports ---

// One that was cancelled, or suspended, meanwhile has only its end before it.
void Retries::put_off(const FlightPtr& flight) {
    if (flight->stop.stop_requested()) return outside_.start(flight);
    put_off_[flight] = after(flight->delays - 1, [this, flight] {
        // Taken back as the time came, it is started already.
        if (put_off_.erase(flight) > 0) outside_.start(flight);
    });
}

bool Retries::take_back(const FlightPtr& flight) {
    const auto found = put_off_.find(flight);
    if (found == put_off_.end()) return false;
    found->second->cancel();
    put_off_.erase(found);
    return true;
}

std::vector<FlightPtr> Retries::take_back_all() {
    std::vector<FlightPtr> all;
    for (const auto& [flight, timer] : std::exchange(put_off_, {})) {
        timer->cancel();
        all.push_back(flight);
    }
    return all;
}

}  // namespace onemarket
