// SPDX-License-Identifier: Apache-2.0
// Worker threads and the queue before them.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>
#include <vector>

#include "daemon/in_flight.h"

namespace onemarket {

// Runs flights first come first served on up to `threads` threads, which are started when there is
// work for them. Flights with the same key never run at the same time, and one that has to wait for
// its key holds no thread.
class Lane {
  public:
    using Run = std::function<void(const FlightPtr&)>;
    // Asked in a worker, since it may have to decode the message. nullopt: runs beside anything.
    using KeyOf = std::function<std::optional<ObjectId>(const Flight&)>;

    Lane(unsigned threads, KeyOf key_of, Run run)
        : max_threads_(threads), key_of_(std::move(key_of)), run_(std::move(run)) {}
    // Waits for what runs and what is queued.
    ~Lane();

    // Both are thread-safe. Where the system gives no thread for it the work is left to those there
    // are; false when there is none: then the flight was not taken.
    bool post(FlightPtr flight);
    // Takes a flight out that no thread has begun with. False when there is none such.
    bool take_back(const FlightPtr& flight);

  private:
    struct Job {
        FlightPtr flight;
        std::optional<ObjectId> key;
        bool owns_key = false;  // its turn has come: nobody else runs with this key
    };

    void work();
    void run(std::unique_lock<std::mutex>& lock, Job job);
    bool take_key(Job& job);
    void give_key(ObjectId key);

    const unsigned max_threads_;
    const KeyOf key_of_;
    const Run run_;

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Job> ready_;
    std::unordered_map<ObjectId, std::deque<Job>> waiting_;  // there is an entry: the key is taken
    std::vector<std::thread> threads_;
    size_t idle_ = 0;
    bool closing_ = false;
};

}  // namespace onemarket
