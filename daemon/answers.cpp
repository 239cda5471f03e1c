// SPDX-License-Identifier: Apache-2.0
#include "daemon/answers.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <chrono>
#include <string>
#include <utility>

namespace onemarket {
namespace {

constexpr unsigned kMostDoublings = 6;  // of a second

}  // namespace

void Answers::give(const FlightPtr& flight, const Reply& reply) {
    try {
        note(flight->record, reply);
        return tell(flight, reply);
    } catch (const Error& error) {
        outside_.tell(LogLevel::error,
                      "app " + std::to_string(reply.id) +
                          ": its answer waits until it can be noted down: " + error.what());
    }
    boost::asio::post(outside_.loop, [this, flight, reply] {
        withhold(flight->record, {reply, flight, {}}, 0);
    });
}

void Answers::repeat(const RecordPtr& record) {
    if (record->noted(kLeftNote) && !record->answer()->success)
        outside_.retries.clear_up_behind(record);
    outside_.writer.late_reply(
        *record->answer(), [this, record] { forget(*record); },
        [this, record] { clear_up_behind(record, true); });
}

// Throws Error when it may not be told yet.
void Answers::note(const RecordPtr& record, const Reply& reply) const {
    // What is left beside an image that oned is told of is gc's.
    const bool left = record->left() && !reply.success;
    try {
        // What is left is known to the next life as soon as it knows the answer.
        if (left) record->note(kLeftNote, "yes");
        record->set_answer(reply);
    } catch (const Error&) {
        // Somebody has removed it: there is nothing that could give another answer.
        if (record->is_there()) throw;
    }
    if (left) outside_.retries.clear_up_behind(record);
}

void Answers::tell(const FlightPtr& flight, const Reply& reply) {
    const RecordPtr record = flight->record;
    const auto told = [this, record] { forget(*record); };
    if (flight->origin == Flight::Origin::oned) return outside_.writer.reply(reply, told);
    outside_.writer.late_reply(
        reply, told, [this, record] { clear_up_behind(record, false); },
        [flight] { return flight->superseded.load(); });
}

// True when there is nothing more to do.
bool Answers::settled(const RecordPtr& record, const Withheld& answer) {
    if (!answer.reply) return record->retire();
    try {
        note(record, *answer.reply);
        tell(answer.flight, *answer.reply);
        return true;
    } catch (const Error&) {
        return false;
    }
}

void Answers::withhold(const RecordPtr& record, Withheld answer, unsigned tries) {
    answer.timer = std::make_shared<boost::asio::steady_timer>(
        outside_.loop, std::chrono::seconds(1U << std::min(tries, kMostDoublings)));
    answer.timer->async_wait([this, record, tries](const boost::system::error_code& error) {
        const auto found = withheld_.find(record);
        if (error || found == withheld_.end()) return;
        const Withheld waiting = found->second;
        withheld_.erase(found);
        if (!settled(record, waiting)) withhold(record, waiting, tries + 1);
    });
    withheld_[record] = std::move(answer);
}

void Answers::give_removal(const Flight& flight, const Reply& reply,
                           std::optional<ErrorKind> failure) {
    // Where it is a SUCCESS all the same, the handler has said that it may pass.
    const bool again = failure && (reply.success || is_passing(*failure));
    const std::string why = reply.success ? flight.obstacle : reply.info;
    if (again && flight.record)
        outside_.retries.keep(flight.record, why);
    else if (again)
        outside_.retries.keep(flight.request, flight.import_mark, why);
    else if (flight.record)
        forget(*flight.record);
    boost::asio::post(outside_.loop, [this, id = reply.id, done = reply.success && !failure] {
        drop(id);
        if (done) outside_.retries.forget(id);  // what an import of it has left has gone as well
    });
    outside_.writer.reply(reply);
}

void Answers::drop(ObjectId app) {
    for (auto it = withheld_.begin(); it != withheld_.end();) {
        auto& [record, answer] = *it;
        const bool dropped = record->request().id == app;
        if (dropped) answer.reply.reset();
        // One that cannot be removed is tried again.
        it = dropped && record->retire() ? withheld_.erase(it) : std::next(it);
    }
}

void Answers::supersede(ObjectId app) {
    for (auto it = withheld_.begin(); it != withheld_.end();) {
        const RecordPtr record = it->first;
        const bool superseded = record->request().id == app;
        it = superseded ? withheld_.erase(it) : std::next(it);
        if (superseded) clear_up_behind(record, false);
    }
    outside_.writer.withdraw_late_replies(app);
}

void Answers::supersede(const RecordPtr& record, const Reply& reply) {
    if (!reply.success && !record->left()) return forget(*record);
    clear_up_behind(record, false);
}

void Answers::supersede(const RecordPtr& record) {
    clear_up_behind(record, true);
}

// And forgets it. `told`: oned may have been told its answer.
void Answers::clear_up_behind(const RecordPtr& record, bool told) const {
    try {
        if (!told) record->withdraw_answer();
        if (record->answer() && record->answer()->success)
            outside_.tell(LogLevel::warning,
                          "app " + std::to_string(record->request().id) +
                              ": another app had this id, and what it has published stays: " +
                              record->noted(kPublishingNote).value_or("nobody knows what"));
        outside_.retries.clear_up_behind(record);
    } catch (const Error& error) {
        outside_.tell(LogLevel::warning, std::string("what it says is left: ") + error.what());
    }
    forget(*record);
}

void Answers::forget(JournalRecord& record) const {
    if (!record.retire())
        outside_.tell(LogLevel::error, record.path() +
                                           ": cannot be removed; what it says is done, and the "
                                           "next start takes it up again");
}

}  // namespace onemarket
