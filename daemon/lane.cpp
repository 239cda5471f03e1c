// SPDX-License-Identifier: Apache-2.0
#include "daemon/lane.h"

#include <system_error>
#include <utility>

#include "backends/io/cleared_memory.h"

namespace onemarket {

Lane::~Lane() {
    {
        const std::lock_guard lock(mutex_);
        closing_ = true;
        changed_.notify_all();
    }
    for (std::thread& thread : threads_) thread.join();
}

bool Lane::post(FlightPtr flight) {
    const std::lock_guard lock(mutex_);
    if (idle_ <= ready_.size() && threads_.size() < max_threads_) {
        try {
            threads_.emplace_back([this] { work(); });
        } catch (const std::system_error&) {
            if (threads_.empty()) return false;
        }
    }
    ready_.push_back({std::move(flight), std::nullopt});
    changed_.notify_one();
    return true;
}

bool Lane::take_back(const FlightPtr& flight) {
    const std::lock_guard lock(mutex_);
    return std::erase_if(ready_, [&flight](const Job& job) { return job.flight == flight; }) > 0;
}

void Lane::work() {
    std::unique_lock lock(mutex_);
    while (true) {
        ++idle_;
        if (ready_.empty()) {
            lock.unlock();
            clear_stack();
            lock.lock();
        }
        changed_.wait(lock, [this] { return !ready_.empty() || closing_; });
        --idle_;
        if (ready_.empty()) return;
        Job job = std::move(ready_.front());
        ready_.pop_front();
        run(lock, std::move(job));
    }
}

void Lane::run(std::unique_lock<std::mutex>& lock, Job job) {
    if (!job.owns_key) {
        lock.unlock();
        job.key = key_of_(*job.flight);
        lock.lock();
        if (!take_key(job)) return;
    }
    lock.unlock();
    run_(job.flight);
    job.flight.reset();
    lock.lock();
    if (job.key) give_key(*job.key);
}

// False when somebody runs with this key: then the job waits for it.
bool Lane::take_key(Job& job) {
    if (!job.key) return true;
    const auto [entry, free] = waiting_.try_emplace(*job.key);
    if (!free) entry->second.push_back(std::move(job));
    return free;
}

void Lane::give_key(ObjectId key) {
    const auto entry = waiting_.find(key);
    if (entry->second.empty()) {
        waiting_.erase(entry);
        return;
    }
    Job next = std::move(entry->second.front());
    entry->second.pop_front();
    next.owns_key = true;
    ready_.push_front(std::move(next));
    changed_.notify_one();
}

}  // namespace onemarket
