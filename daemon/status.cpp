// SPDX-License-Identifier: Apache-2.0
#include "daemon/status.h"

#include <algorithm>

#include "backends/io/json.h"
#include "daemon/version.h"
#include "daemon/words.h"
#include "protocol/iso_time.h"

namespace onemarket {
namespace {

std::string_view to_string(Flight::State state) {
    switch (state) {
        case Flight::State::waiting:
            return "waiting";
        case Flight::State::running:
            return "running";
        case Flight::State::delayed:
            return "delayed";
    }
    return "";
}

int64_t seconds_between(WallTime from, WallTime to) {
    return std::chrono::duration_cast<std::chrono::seconds>(to - from).count();
}

// What it is about, where that is known.
void add_subject(JsonObject& object, Action action, ObjectId id, const Subject& subject) {
    object.add("action", onemarket::to_string(action));
    if (action != Action::monitor) {
        object.add("app", id);
        if (!subject.app_name.empty()) object.add("app_name", subject.app_name);
    }
    object.add("market", action == Action::monitor ? std::optional(id) : subject.market);
    if (!subject.market_name.empty()) object.add("market_name", subject.market_name);
}

// Why it waits, and until when.
void add_wait(JsonObject& object, const RetryView& retry) {
    if (!retry.reason.empty()) object.add("reason", retry.reason);
    object.add("next", to_iso_time(retry.next));
}

const RetryView* wait_of(const FlightView& request, const std::vector<RetryView>& retries) {
    if (request.state != Flight::State::delayed) return nullptr;
    const auto found = std::find_if(retries.begin(), retries.end(), [&](const RetryView& retry) {
        return retry.action == request.action && retry.id == request.id;
    });
    return found != retries.end() ? &*found : nullptr;
}

// Of one that is no request any more: oned was answered.
std::string retry_json(const RetryView& retry, WallTime now) {
    JsonObject object;
    add_subject(object, retry.action, retry.id, retry.subject);
    object.add("state", "retry").add("cancelled", false);
    object.add("accepted", to_iso_time(retry.accepted));
    object.add("age", seconds_between(retry.accepted, now));
    add_wait(object, retry);
    return object.text();
}

std::string request_json(const FlightView& request, const Status& status) {
    const WallTime now = status.now;
    JsonObject object;
    add_subject(object, request.action, request.id, request.subject);
    object.add("state", to_string(request.state));
    object.add("cancelled", request.cancelled);
    object.add("accepted", to_iso_time(request.accepted));
    object.add("age", seconds_between(request.accepted, now));
    if (const RetryView* wait = wait_of(request, status.retries)) add_wait(object, *wait);
    const Transfer::State& transfer = request.transfer;
    if (request.state == Flight::State::running && request.action == Action::import)
        object.add("stage", onemarket::to_string(transfer.stage));
    if (transfer.began == Transfer::Clock::time_point()) return object.text();
    const Progress progress{transfer.moved, transfer.total,
                            Transfer::Clock::now() - transfer.began};
    object.add("moved", progress.done).add("total", progress.total);
    if (transfer.stage == Transfer::Stage::moving) {
        object.add("rate", progress.rate());
        if (const auto left = progress.left()) object.add("left", left->count());
    }
    return object.text();
}

std::string answer_json(const Answered& answer) {
    JsonObject object;
    add_subject(object, answer.action, answer.id, answer.subject);
    object.add("time", to_iso_time(answer.at));
    object.add("success", answer.success);
    if (answer.kind) object.add("kind", to_string(*answer.kind));
    if (!answer.reason.empty()) object.add("reason", answer.reason);
    object.add("milliseconds", answer.span.count());
    object.add("bytes", answer.bytes);
    return object.text();
}

std::string market_json(ObjectId id, const MarketState& market) {
    JsonObject object;
    object.add("market", id).add("market_name", market.name);
    object.add("time", to_iso_time(market.at)).add("success", market.success);
    if (!market.reason.empty()) object.add("reason", market.reason);
    if (market.usage) {
        const MarketUsage& usage = *market.usage;
        object.add("used_mb", usage.used).add("free_mb", usage.free).add("total_mb", usage.total);
        object.add("apps", usage.apps);
        object.add("usage_time", to_iso_time(*market.usage_time));
    }
    return object.text();
}

template <class Items, class ToJson>
std::string array_of(const Items& items, const ToJson& to_json) {
    std::vector<std::string> texts;
    for (const auto& item : items) texts.push_back(to_json(item));
    return json_array(texts);
}

// Behind them what is to be tried again.
std::string requests_json(const Status& status) {
    std::vector<std::string> texts;
    for (const FlightView& request : status.requests)
        texts.push_back(request_json(request, status));
    for (const RetryView& retry : status.retries)
        if (retry.action == Action::remove) texts.push_back(retry_json(retry, status.now));
    return json_array(texts);
}

}  // namespace

std::string to_json(const Status& status) {
    JsonObject driver;
    driver.add("version", kVersion).add("pid", status.pid);
    driver.add("now", to_iso_time(status.now)).add("started", to_iso_time(status.started));
    driver.add("uptime", seconds_between(status.started, status.now));
    JsonObject counts;
    counts.add("running", status.counts.running).add("waiting", status.counts.waiting);
    counts.add("delayed", status.counts.delayed);
    counts.add("retries", status.retries_waiting);
    JsonObject journal;
    journal.add("records", status.journal_records);
    if (status.journal_oldest) {
        journal.add("oldest", to_iso_time(*status.journal_oldest));
        journal.add("age", seconds_between(*status.journal_oldest, status.now));
    }
    if (!status.journal_problem.empty()) journal.add("problem", status.journal_problem);
    JsonObject object;
    object.add_json("driver", driver.text()).add_json("counts", counts.text());
    object.add_json("journal", journal.text());
    if (!status.metrics_problem.empty()) {
        JsonObject metrics;
        metrics.add("problem", status.metrics_problem);
        object.add_json("metrics", metrics.text());
    }
    object.add_json("requests", requests_json(status));
    object.add_json("last", array_of(status.totals.last, answer_json));
    object.add_json("markets", array_of(status.totals.markets, [](const auto& entry) {
                        return market_json(entry.first, entry.second);
                    }));
    return object.text();
}

}  // namespace onemarket
