// SPDX-License-Identifier: Apache-2.0
#include "daemon/lane.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <barrier>
#include <chrono>
#include <future>
#include <latch>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace onemarket {
namespace {

constexpr std::chrono::seconds kFailAfter{30};  // only ever reached by a test that fails

FlightPtr flight(ObjectId id) {
    return std::make_shared<Flight>(Request{Action::monitor, id, ""});
}

std::optional<ObjectId> no_key(const Flight&) {
    return std::nullopt;
}
std::optional<ObjectId> own_id(const Flight& flight) {
    return flight.request.id;
}

// Ids in the order they ran.
class Ran {
  public:
    void add(ObjectId id) {
        const std::lock_guard lock(mutex_);
        ids_.push_back(id);
    }
    std::vector<ObjectId> ids() const {
        const std::lock_guard lock(mutex_);
        return ids_;
    }

  private:
    mutable std::mutex mutex_;
    std::vector<ObjectId> ids_;
};

// How many run at one time, and the most that ever did.
class Gauge {
  public:
    void enter() {
        const int now = ++inside_;
        int most = most_.load();
        while (now > most && !most_.compare_exchange_weak(most, now)) {
        }
    }
    void leave() { --inside_; }
    int most() const { return most_; }

  private:
    std::atomic<int> inside_ = 0;
    std::atomic<int> most_ = 0;
};

bool opens(std::latch& latch) {
    const auto end = std::chrono::steady_clock::now() + kFailAfter;
    while (!latch.try_wait()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::yield();
    }
    return true;
}

TEST(Lane, WithOneThreadFirstComeFirstServed) {
    Ran ran;
    std::vector<ObjectId> expected;
    {
        Lane lane(1, no_key, [&](const FlightPtr& f) { ran.add(f->request.id); });
        for (ObjectId id = 0; id < 100; ++id) {
            lane.post(flight(id));
            expected.push_back(id);
        }
    }
    EXPECT_EQ(ran.ids(), expected);
}

TEST(Lane, WithOneThreadKeysDoNotChangeTheOrder) {
    Ran ran;
    std::vector<ObjectId> expected;
    {
        const auto key_of = [](const Flight& f) { return std::optional(f.request.id % 3); };
        Lane lane(1, key_of, [&](const FlightPtr& f) { ran.add(f->request.id); });
        for (ObjectId id = 0; id < 100; ++id) {
            lane.post(flight(id));
            expected.push_back(id);
        }
    }
    EXPECT_EQ(ran.ids(), expected);
}

TEST(Lane, RunsOnAsManyThreadsAsItMay) {
    std::barrier all_four(4);  // each waits for the other three
    Lane lane(4, no_key, [&](const FlightPtr&) { all_four.arrive_and_wait(); });
    for (ObjectId id = 0; id < 4; ++id) lane.post(flight(id));
}

TEST(Lane, AndOnNoMore) {
    Gauge gauge;
    {
        Lane lane(2, no_key, [&](const FlightPtr&) {
            gauge.enter();
            std::this_thread::yield();
            gauge.leave();
        });
        for (ObjectId id = 0; id < 300; ++id) lane.post(flight(id));
    }
    EXPECT_LE(gauge.most(), 2);
}

TEST(Lane, TheSameKeyNeverRunsInParallel) {
    constexpr int kFlights = 400;
    std::array<Gauge, 5> gauges;
    std::atomic<int> count = 0;
    {
        const auto key_of = [](const Flight& f) { return std::optional(f.request.id % 5); };
        Lane lane(8, key_of, [&](const FlightPtr& f) {
            Gauge& gauge = gauges[static_cast<size_t>(f->request.id % 5)];
            gauge.enter();
            std::this_thread::yield();
            ++count;
            gauge.leave();
        });
        for (ObjectId id = 0; id < kFlights; ++id) lane.post(flight(id));
    }
    EXPECT_EQ(count, kFlights);
    for (const Gauge& gauge : gauges) EXPECT_EQ(gauge.most(), 1);
}

TEST(Lane, OneKeyKeepsItsOrderOnceItsFlightsWait) {
    std::latch running(1), asked(10), go(1);
    Ran ran;
    {
        const auto key_of = [&](const Flight&) {
            asked.count_down();
            return std::optional<ObjectId>(7);
        };
        Lane lane(2, key_of, [&](const FlightPtr& f) {
            if (f->request.id == 0) {
                running.count_down();
                go.wait();
            }
            ran.add(f->request.id);
        });
        lane.post(flight(0));
        running.wait();
        // One thread is taken, so the other one alone queues these, in order.
        for (ObjectId id = 1; id < 10; ++id) lane.post(flight(id));
        EXPECT_TRUE(opens(asked));
        go.count_down();
    }
    EXPECT_EQ(ran.ids(), (std::vector<ObjectId>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
}

TEST(Lane, WaitingForAKeyHoldsNoThread) {
    constexpr ObjectId kBlocked = 1, kOther = 2;
    std::latch running(1), go(1), other_ran(1);
    std::atomic<int> blocked_ran = 0;
    {
        Lane lane(2, own_id, [&](const FlightPtr& f) {
            if (f->request.id == kOther) return other_ran.count_down();
            running.count_down(blocked_ran++ == 0 ? 1 : 0);
            go.wait();
        });
        lane.post(flight(kBlocked));
        running.wait();
        for (int i = 0; i < 9; ++i) lane.post(flight(kBlocked));
        lane.post(flight(kOther));
        EXPECT_TRUE(opens(other_ran)) << "ten flights of one key hold both threads";
        EXPECT_EQ(blocked_ran, 1);
        go.count_down();
    }
    EXPECT_EQ(blocked_ran, 10);
}

TEST(Lane, WithoutAKeyItRunsBesideAnything) {
    std::latch running(1), go(1), other_ran(3);
    const auto key_of = [](const Flight& f) {
        return f.request.id == 0 ? std::nullopt : std::optional<ObjectId>(1);
    };
    Lane lane(2, key_of, [&](const FlightPtr& f) {
        if (f->request.id == 0) return other_ran.count_down();
        running.count_down();
        go.wait();
    });
    lane.post(flight(1));
    running.wait();
    for (int i = 0; i < 3; ++i) lane.post(flight(0));
    EXPECT_TRUE(opens(other_ran));
    go.count_down();
}

TEST(Lane, TheKeyIsAskedInAWorker) {
    std::promise<std::thread::id> asked_in;
    {
        const auto key_of = [&](const Flight&) -> std::optional<ObjectId> {
            asked_in.set_value(std::this_thread::get_id());
            return 1;
        };
        Lane lane(1, key_of, [](const FlightPtr&) {});
        lane.post(flight(1));
    }
    EXPECT_NE(asked_in.get_future().get(), std::this_thread::get_id());
}

TEST(Lane, TheDestructorWaitsForWhatRunsAndWhatIsQueued) {
    std::latch running(1), go(1);
    Ran ran;
    std::thread opener;
    {
        Lane lane(1, no_key, [&](const FlightPtr& f) {
            if (f->request.id == 0) {
                running.count_down();
                go.wait();
            }
            ran.add(f->request.id);
        });
        for (ObjectId id = 0; id < 20; ++id) lane.post(flight(id));
        running.wait();
        EXPECT_TRUE(ran.ids().empty());
        opener = std::thread([&] { go.count_down(); });  // at some time of the destructor
    }
    opener.join();
    EXPECT_EQ(ran.ids().size(), 20U);
}

TEST(Lane, AndForWhatWaitsForItsKey) {
    std::latch running(1), asked(20), go(1);
    std::atomic<int> count = 0;
    std::thread opener;
    {
        const auto key_of = [&](const Flight&) {
            asked.count_down();
            return std::optional<ObjectId>(1);
        };
        Lane lane(4, key_of, [&](const FlightPtr&) {
            if (count++ > 0) return;
            running.count_down();
            go.wait();
        });
        for (ObjectId id = 0; id < 20; ++id) lane.post(flight(id));
        running.wait();
        EXPECT_TRUE(opens(asked));
        opener = std::thread([&] { go.count_down(); });
    }
    opener.join();
    EXPECT_EQ(count, 20);
}

TEST(Lane, TakesBackWhatNoThreadHasBegunWith) {
    std::latch running(1), go(1);
    Ran ran;
    {
        Lane lane(1, no_key, [&](const FlightPtr& f) {
            if (f->request.id == 0) {
                running.count_down();
                go.wait();
            }
            ran.add(f->request.id);
        });
        std::vector<FlightPtr> flights;
        for (ObjectId id = 0; id < 4; ++id) lane.post(flights.emplace_back(flight(id)));
        running.wait();
        EXPECT_TRUE(lane.take_back(flights[2]));
        EXPECT_FALSE(lane.take_back(flights[2]));  // it is out already
        EXPECT_FALSE(lane.take_back(flights[0]));  // it runs
        EXPECT_FALSE(lane.take_back(flight(1)));   // another one with the same id
        go.count_down();
    }
    EXPECT_EQ(ran.ids(), (std::vector<ObjectId>{0, 1, 3}));
}

TEST(Lane, WithoutWorkItEndsAtOnce) {
    Lane lane(15, no_key, [](const FlightPtr&) {});
}

// As a request does whose end lets another one run.
TEST(Lane, AFlightMayPostAnother) {
    Ran ran;
    std::latch done(10);
    {
        Lane* self = nullptr;
        Lane lane(1, own_id, [&](const FlightPtr& f) {
            ran.add(f->request.id);
            if (f->request.id < 9) self->post(flight(f->request.id + 1));
            done.count_down();
        });
        self = &lane;
        lane.post(flight(0));
        EXPECT_TRUE(opens(done));
    }
    EXPECT_EQ(ran.ids().size(), 10U);
}

TEST(Lane, LetsGoOfWhatHasRun) {
    std::weak_ptr<Flight> gone;
    std::latch second(1);
    Lane lane(1, own_id, [&](const FlightPtr& f) {
        if (f->request.id == 2) second.count_down();
    });
    FlightPtr first = flight(1);
    gone = first;
    lane.post(std::move(first));
    lane.post(flight(2));
    ASSERT_TRUE(opens(second));
    EXPECT_TRUE(gone.expired());
}

}  // namespace
}  // namespace onemarket
