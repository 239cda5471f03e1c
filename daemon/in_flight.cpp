// SPDX-License-Identifier: Apache-2.0
#include "daemon/in_flight.h"

#include <algorithm>

namespace onemarket {

void InFlight::set_limits(Limits limits) {
    const std::lock_guard lock(mutex_);
    limits_ = limits;
}

FlightPtr InFlight::add(Request request) {
    const std::lock_guard lock(mutex_);
    if (counted() >= limits_.requests || bytes_ + request.payload.size() > limits_.bytes)
        return nullptr;
    auto flight = std::make_shared<Flight>(std::move(request), &moved_);
    flights_.emplace(key(*flight), flight);
    bytes_ += flight->request.payload.size();
    return flight;
}

FlightPtr InFlight::take_up(RecordPtr record, Flight::Origin origin) {
    auto flight = std::make_shared<Flight>(record->request(), &moved_);
    flight->accepted = record->accepted();
    flight->origin = origin;
    flight->record = std::move(record);
    const std::lock_guard lock(mutex_);
    ++taken_up_;
    flights_.emplace(key(*flight), flight);
    return flight;
}

// request_stop() runs callbacks, which only write to an eventfd: safe under the lock.
bool InFlight::cancel(Flight& flight) {
    if (flight.committed_) return false;
    flight.cancelled_ = true;
    flight.stop.request_stop();
    return true;
}

bool InFlight::cancel(Action action, ObjectId id) {
    const std::lock_guard lock(mutex_);
    const auto [begin, end] = flights_.equal_range({action, id});
    bool any = false;
    for (auto it = begin; it != end; ++it)
        if (cancel(*it->second)) any = true;
    return any;
}

void InFlight::stop_all(bool suspend) {
    const std::lock_guard lock(mutex_);
    for (auto& [key, flight] : flights_) {
        if (!suspend || flight->request.action != Action::import || flight->cancelled_) {
            cancel(*flight);
            continue;
        }
        flight->suspended_ = true;
        if (flight->record) flight->record->suspend();
        if (!flight->committed_) flight->stop.request_stop();
    }
}

InFlight::Keeping InFlight::begin_keeping(const FlightPtr& flight) {
    const std::lock_guard lock(mutex_);
    if (flight->given_up_) return Keeping::given_up;
    flight->kept_ = flight->refusal.empty() && !flight->cancelled_ && !flight->subject.is_template;
    return flight->kept_ ? Keeping::wanted : Keeping::unwanted;
}

std::vector<FlightPtr> InFlight::give_up_unkept() {
    const std::lock_guard lock(mutex_);
    std::vector<FlightPtr> given_up;
    for (const auto& [key, flight] : flights_) {
        if (flight->request.action != Action::import || flight->origin != Flight::Origin::oned ||
            flight->kept_ || flight->subject.is_template ||
            flight->state_ != Flight::State::waiting)
            continue;
        flight->given_up_ = true;
        given_up.push_back(flight);
    }
    return given_up;
}

void InFlight::keep(const FlightPtr& flight, RecordPtr record) {
    const std::lock_guard lock(mutex_);
    flight->record = std::move(record);
    if (flight->suspended_) flight->record->suspend();
}

std::vector<FlightPtr> InFlight::find(Action action, ObjectId id) const {
    const std::lock_guard lock(mutex_);
    std::vector<FlightPtr> found;
    const auto [begin, end] = flights_.equal_range({action, id});
    for (auto it = begin; it != end; ++it) found.push_back(it->second);
    return found;
}

bool InFlight::cancel_import_before(const FlightPtr& flight) {
    const std::lock_guard lock(mutex_);
    const auto [begin, end] = flights_.equal_range({Action::import, flight->request.id});
    if (begin == end) {
        const auto published = published_.find(flight->request.id);
        if (published != published_.end()) flight->published_source = published->second;
        return false;
    }
    for (auto it = begin; it != end; ++it) {
        cancel(*it->second);
        wait_for(*it->second, flight);
    }
    return true;
}

void InFlight::hold(const FlightPtr& flight) {
    const std::lock_guard lock(mutex_);
    ++flight->waits_for_;
}

bool InFlight::release(const FlightPtr& flight) {
    const std::lock_guard lock(mutex_);
    return --flight->waits_for_ == 0;
}

void InFlight::wait_for(Flight& earlier, const FlightPtr& flight) {
    earlier.next_.push_back(flight);
    ++flight->waits_for_;
}

bool InFlight::supersede_before(const FlightPtr& flight) {
    const std::lock_guard lock(mutex_);
    for (const Action action : {Action::import, Action::remove}) {
        const auto [begin, end] = flights_.equal_range({action, flight->request.id});
        for (auto it = begin; it != end; ++it) {
            Flight& old = *it->second;
            if (old.origin == Flight::Origin::oned) continue;
            old.superseded = true;
            cancel(old);
            wait_for(old, flight);
        }
    }
    return flight->waits_for_ > 0;
}

bool InFlight::commit(const FlightPtr& flight, const std::string& source) {
    const std::lock_guard lock(mutex_);
    if (flight->cancelled_) return false;
    flight->committed_ = source;
    return true;
}

std::vector<FlightPtr> InFlight::finish(const FlightPtr& flight) {
    const std::lock_guard lock(mutex_);
    const auto [begin, end] = flights_.equal_range(key(*flight));
    for (auto it = begin; it != end; ++it) {
        if (it->second != flight) continue;
        flights_.erase(it);
        if (flight->origin == Flight::Origin::oned)
            bytes_ -= flight->request.payload.size();
        else
            --taken_up_;
        break;
    }
    if (flight->committed_) remember_locked(flight->request.id, *flight->committed_);
    std::vector<FlightPtr> ready;
    for (FlightPtr& next : std::exchange(flight->next_, {})) {
        if (flight->committed_) next->published_source = flight->committed_;
        if (flight->record) next->import_mark = flight->record->mark();
        if (--next->waits_for_ == 0) ready.push_back(std::move(next));
    }
    return ready;
}

void InFlight::remember(ObjectId app, const std::string& source) {
    const std::lock_guard lock(mutex_);
    remember_locked(app, source);
}

void InFlight::remember_locked(ObjectId app, const std::string& source) {
    if (published_.insert_or_assign(app, source).second) published_order_.push_back(app);
    if (published_order_.size() <= kRemembered) return;
    published_.erase(published_order_.front());
    published_order_.pop_front();
}

void InFlight::describe(const FlightPtr& flight, Subject subject) {
    const std::lock_guard lock(mutex_);
    flight->subject = std::move(subject);
}

bool InFlight::enter(const FlightPtr& flight, Flight::State state) {
    const std::lock_guard lock(mutex_);
    if (flight->given_up_) return false;
    flight->state_ = state;
    return true;
}

std::vector<FlightView> InFlight::list(size_t most) const {
    const std::lock_guard lock(mutex_);
    std::vector<const Flight*> sorted;
    sorted.reserve(flights_.size());
    for (const auto& [key, flight] : flights_) sorted.push_back(flight.get());
    const auto earlier = [](const Flight* a, const Flight* b) {
        const auto rank = [](const Flight* flight) {
            return std::pair(flight->state_ != Flight::State::running, flight->accepted);
        };
        return rank(a) < rank(b);
    };
    const auto end = sorted.begin() + static_cast<ptrdiff_t>(std::min(most, sorted.size()));
    std::partial_sort(sorted.begin(), end, sorted.end(), earlier);
    std::vector<FlightView> views;
    for (auto it = sorted.begin(); it != end; ++it) {
        const Flight& flight = **it;
        views.push_back({flight.request.action, flight.request.id, flight.subject, flight.state_,
                         flight.cancelled_, flight.accepted, flight.transfer.state()});
    }
    return views;
}

void StateCounts::add(Flight::State state) {
    switch (state) {
        case Flight::State::waiting:
            ++waiting;
            break;
        case Flight::State::running:
            ++running;
            break;
        case Flight::State::delayed:
            ++delayed;
            break;
    }
}

FlightCounts InFlight::count() const {
    const std::lock_guard lock(mutex_);
    FlightCounts counts;
    for (const auto& [key, flight] : flights_) {
        counts.add(flight->state_);
        counts.actions[flight->request.action].add(flight->state_);
        if (flight->record && (!counts.oldest || flight->accepted < *counts.oldest))
            counts.oldest = flight->accepted;
    }
    return counts;
}

bool InFlight::empty() const {
    return size() == 0;
}

size_t InFlight::size() const {
    const std::lock_guard lock(mutex_);
    return flights_.size();
}

}  // namespace onemarket
