// SPDX-License-Identifier: Apache-2.0
#include "daemon/inheritance.h"

#include <utility>

#include "backends/published_app.h"
#include "daemon/subject.h"

namespace onemarket {
namespace {

bool is_an_imports_message(const Request& request) {
    const Result<DriverMessage> message = DriverMessage::decode(request.payload);
    return message && message->has("DATASTORE/DS_MAD");
}

}  // namespace

void Inheritance::deleted_unseen(const Request& removal) {
    if (deleted_.size() < kMostUnseen) deleted_.emplace(removal.id, removal);
}

void Inheritance::take_up(Journal::Left left) {
    for (const std::string& problem : left.problems) outside_.tell(LogLevel::error, problem);
    for (const Journal::Left::Damaged& damaged : left.damaged) answer(damaged);
    std::set<std::string> removed;  // imports whose app is no more, by their marks
    for (const RecordPtr& record : left.records)
        if (record->request().action == Action::remove) removed.insert(record->mark());
    // An app has the id of another: only the last import of an id is of one that is there.
    std::map<ObjectId, RecordPtr> imports;
    for (const RecordPtr& record : left.records)
        if (record->request().action == Action::import) imports[record->request().id] = record;
    for (const RecordPtr& record : left.records) {
        const bool is_import = record->request().action == Action::import;
        if (is_import && imports[record->request().id] != record)
            outside_.answers.supersede(record);
        else if (record->request().action == Action::remove)
            take_up_removal(record);
        else
            take_up_import(record, removed);
    }
    deleted_.clear();
}

void Inheritance::answer(const Journal::Left::Damaged& damaged) const {
    const auto forget = [tell = outside_.tell, damaged] {
        if (!damaged.forget()) tell(LogLevel::error, damaged.path + ": cannot be removed");
    };
    if (damaged.action != Action::import) return forget();
    outside_.writer.late_reply({Action::import, false, damaged.id,
                                "The driver was ended, and its note of this import is damaged"},
                               forget, forget);
}

// The driver died before it could say so; the DELETE's own record removes what there is of it.
void Inheritance::deleted(const RecordPtr& record) const {
    const auto forget = [answers = &outside_.answers, record] { answers->forget(*record); };
    outside_.writer.late_reply({Action::import, false, record->request().id, "cancelled"}, forget,
                               forget);
}

void Inheritance::take_up_removal(const RecordPtr& record) const {
    // Drivers have written what an import had left so, once, and of imports that went well too.
    if (!record->clears() && is_an_imports_message(record->request())) {
        outside_.tell(LogLevel::warning, record->path() + ": of an older driver, and not done");
        return outside_.answers.forget(*record);
    }
    outside_.retries.take_up(record);
}

void Inheritance::take_up_import(const RecordPtr& record,
                                 const std::set<std::string>& removed) const {
    const Request& request = record->request();
    if (const auto found = deleted_.find(request.id); found != deleted_.end()) {
        outside_.retries.keep(found->second, record->mark(), "its import was to end first");
        return outside_.answers.forget(*record);
    }
    if (const auto& answer = record->answer()) {
        if (const auto note = record->noted(kPublishingNote); note && answer->success)
            if (const auto app = parse_published_app(*note))
                outside_.in_flight.remember(request.id, app->source);
        return outside_.answers.repeat(record);
    }
    // Of a template nothing is noted down; this one somebody else has put there.
    Subject subject = subject_of(request);
    if (subject.is_template) return outside_.answers.forget(*record);
    if (removed.contains(record->mark())) return deleted(record);
    const FlightPtr flight = outside_.in_flight.take_up(record, Flight::Origin::earlier_life);
    outside_.in_flight.describe(flight, std::move(subject));
    outside_.start(flight);
}

}  // namespace onemarket
