// SPDX-License-Identifier: Apache-2.0
#include "daemon/transfer_slots.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <functional>
#include <iterator>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/support.h"

namespace onemarket {
namespace {

// A thread that takes a slot. The test can wait until it waits: the kernel says that it sleeps, and
// nothing else on its way makes it sleep.
class Waiter {
  public:
    Waiter(TransferSlots& slots, std::function<void()> with_slot)
        : thread_([this, &slots, with_slot = std::move(with_slot)] {
              tid_ = ::gettid();
              try {
                  const TransferSlots::Slot slot = slots.acquire(context_.context);
                  with_slot();
              } catch (const Error& error) {
                  failure_ = error.kind();
              }
          }) {}
    ~Waiter() { join(); }
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;

    void until_it_waits() const {
        const auto fail_after = Context::Clock::now() + std::chrono::seconds(30);
        for (int seen = 0; seen < 10; seen = sleeps() ? seen + 1 : 0) {
            ASSERT_LT(Context::Clock::now(), fail_after) << "it does not wait";
            std::this_thread::yield();
        }
    }
    void cancel() { context_.stop.request_stop(); }
    // Why it got none; nothing: it did.
    std::optional<ErrorKind> join() {
        if (thread_.joinable()) thread_.join();
        return failure_;
    }

  private:
    bool sleeps() const {
        if (tid_ == 0) return false;
        std::ifstream stream("/proc/self/task/" + std::to_string(tid_) + "/stat");
        const std::string stat{std::istreambuf_iterator<char>(stream), {}};
        return stat.find(") S ") != std::string::npos;
    }

    test::TestContext context_;
    std::atomic<pid_t> tid_ = 0;
    std::optional<ErrorKind> failure_;
    std::thread thread_;  // the last member: it uses the others
};

TEST(TransferSlots, ASlotIsFreeAgainWhenItIsGone) {
    TransferSlots slots(1);
    test::TestContext context;
    for (int i = 0; i < 3; ++i) const TransferSlots::Slot slot = slots.acquire(context);
}

TEST(TransferSlots, SoManyAtOneTime) {
    TransferSlots slots(3);
    test::TestContext context;
    const TransferSlots::Slot first = slots.acquire(context);
    const TransferSlots::Slot second = slots.acquire(context);
    const TransferSlots::Slot third = slots.acquire(context);
}

TEST(TransferSlots, NeverMore) {
    TransferSlots slots(2);
    std::atomic<int> inside = 0, most = 0;
    {
        std::list<Waiter> waiters;
        for (int i = 0; i < 20; ++i) {
            waiters.emplace_back(slots, [&] {
                const int now = ++inside;
                int before = most.load();
                while (now > before && !most.compare_exchange_weak(before, now)) {
                }
                std::this_thread::yield();
                --inside;
            });
        }
    }
    EXPECT_LE(most, 2);
}

TEST(TransferSlots, FirstComeFirstServed) {
    TransferSlots slots(1);
    test::TestContext context;
    std::mutex mutex;
    std::vector<int> order;
    {
        std::list<Waiter> waiters;
        const TransferSlots::Slot slot = slots.acquire(context);
        for (int i = 0; i < 6; ++i) {
            waiters.emplace_back(slots, [&, i] {
                const std::lock_guard lock(mutex);
                order.push_back(i);
            });
            waiters.back().until_it_waits();
        }
    }
    EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4, 5}));
}

TEST(TransferSlots, ACancelEndsTheWaiting) {
    TransferSlots slots(1);
    test::TestContext context;
    const TransferSlots::Slot slot = slots.acquire(context);
    Waiter waiter(slots, [] { FAIL() << "there was no slot"; });
    waiter.until_it_waits();
    waiter.cancel();
    EXPECT_EQ(waiter.join(), ErrorKind::cancelled);
}

TEST(TransferSlots, ACancelBeforeTheWaitingEndsItToo) {
    TransferSlots slots(1);
    test::TestContext holder, context;
    const TransferSlots::Slot slot = slots.acquire(holder);
    context.stop.request_stop();
    EXPECT_THROW((void)slots.acquire(context), Error);
}

TEST(TransferSlots, WhoIsCancelledHoldsNobodyUp) {
    TransferSlots slots(1);
    test::TestContext context;
    std::vector<char> order;  // written by one thread at a time: whoever holds the slot
    {
        Waiter first(slots, [&] { order.push_back('a'); });
        first.join();
        std::unique_ptr<TransferSlots::Slot> slot(new TransferSlots::Slot(slots.acquire(context)));
        Waiter cancelled(slots, [&] { order.push_back('b'); });
        cancelled.until_it_waits();
        Waiter next(slots, [&] { order.push_back('c'); });
        next.until_it_waits();
        cancelled.cancel();
        EXPECT_EQ(cancelled.join(), ErrorKind::cancelled);
        slot.reset();
        EXPECT_EQ(next.join(), std::nullopt);
    }
    EXPECT_EQ(order, (std::vector<char>{'a', 'c'}));
}

TEST(TransferSlots, WaitingCostsNoTime) {
    for (const bool idle_only : {false, true}) {
        TransferSlots slots(1);
        test::TestContext context(5, {std::chrono::seconds(100), idle_only});
        const auto before = context.context.deadline();
        while (Context::Clock::now() + std::chrono::seconds(100) <= before) {
        }
        const TransferSlots::Slot slot = slots.acquire(context);
        EXPECT_GT(context.context.deadline(), before);
    }
}

TEST(TransferSlotsSet, MoreLetTheNextIn) {
    TransferSlots slots(1);
    test::TestContext context;
    const TransferSlots::Slot slot = slots.acquire(context);
    Waiter next(slots, [] {});
    next.until_it_waits();
    slots.set(2);
    EXPECT_EQ(next.join(), std::nullopt);
}

// Those that move go on; the next one waits until there are few enough.
TEST(TransferSlotsSet, FewerCountForWhoIsNext) {
    TransferSlots slots(2);
    test::TestContext context;
    std::optional<Waiter> next;
    {
        const TransferSlots::Slot a = slots.acquire(context);
        const TransferSlots::Slot b = slots.acquire(context);
        slots.set(1);
        next.emplace(slots, [] {});
        next->until_it_waits();
    }
    EXPECT_EQ(next->join(), std::nullopt);
}

}  // namespace
}  // namespace onemarket
