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

void Answers::give(const RecordPtr& record, const Reply& reply, bool late) {
    try {
        note(*record, reply);
        return tell(record, reply, late);
    } catch (const Error& error) {
        outside_.tell(LogLevel::error,
                      "app " + std::to_string(reply.id) +
                          ": its answer waits until it can be noted down: " + error.what());
    }
    boost::asio::post(outside_.loop, [this, record, reply, late] {
        withhold(record, {reply, late, {}}, 0);
    });
}

void Answers::repeat(const RecordPtr& record) {
    if (record->noted(kLeftNote) && !record->answer()->success)
        outside_.retries.clear_up_behind(*record);
    tell(record, *record->answer(), true);
}

// Throws Error when it may not be told yet.
void Answers::note(JournalRecord& record, const Reply& reply) const {
    // What is left beside an image that oned is told of is gc's.
    const bool left = record.left() && !reply.success;
    try {
        // What is left is known to the next life as soon as it knows the answer.
        if (left) record.note(kLeftNote, "yes");
        record.set_answer(reply);
    } catch (const Error&) {
        // Somebody has removed it: there is nothing that could give another answer.
        if (record.is_there()) throw;
    }
    if (left) outside_.retries.clear_up_behind(record);
}

void Answers::tell(const RecordPtr& record, const Reply& reply, bool late) const {
    const auto told = [this, record] { forget(*record); };
    if (late)
        outside_.writer.late_reply(reply, told);
    else
        outside_.writer.reply(reply, told);
}

// True when there is nothing more to do.
bool Answers::settled(const RecordPtr& record, const Withheld& answer) const {
    if (!answer.reply) return record->retire();
    try {
        note(*record, *answer.reply);
        tell(record, *answer.reply, answer.late);
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

void Answers::drop(ObjectId app) {
    for (auto it = withheld_.begin(); it != withheld_.end();) {
        auto& [record, answer] = *it;
        const bool dropped = record->request().id == app;
        if (dropped) answer.reply.reset();
        // One that cannot be removed is tried again.
        it = dropped && record->retire() ? withheld_.erase(it) : std::next(it);
    }
}

void Answers::forget(JournalRecord& record) const {
    if (!record.retire())
        outside_.tell(LogLevel::error, record.path() +
                                           ": cannot be removed; what it says is done, and the "
                                           "next start takes it up again");
}

}  // namespace onemarket
