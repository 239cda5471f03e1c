// SPDX-License-Identifier: Apache-2.0
#include "daemon/in_flight.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/journal.h"
#include "tests/support/support.h"

#include <latch>
#include <string>
#include <thread>
#include <vector>

namespace onemarket {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr InFlight::Limits kPlenty{1000, 1'000'000};

Request import(ObjectId id, std::string payload = "") {
    return {Action::import, id, std::move(payload)};
}
Request remove(ObjectId id) {
    return {Action::remove, id, ""};
}
Request monitor(ObjectId id) {
    return {Action::monitor, id, ""};
}

TEST(InFlight, KeepsWhatIsNotAnswered) {
    InFlight table(kPlenty);
    EXPECT_TRUE(table.empty());
    const FlightPtr first = table.add(import(5, "abc"));
    const FlightPtr second = table.add(monitor(100));
    ASSERT_TRUE(first && second);
    EXPECT_EQ(first->request.id, 5);
    EXPECT_EQ(first->request.payload, "abc");
    EXPECT_FALSE(first->stop.stop_requested());
    EXPECT_EQ(first->published_source, std::nullopt);
    EXPECT_EQ(table.size(), 2U);
    EXPECT_THAT(table.finish(first), IsEmpty());
    EXPECT_EQ(table.size(), 1U);
    EXPECT_THAT(table.finish(second), IsEmpty());
    EXPECT_TRUE(table.empty());
}

TEST(InFlight, CountsByActionAndState) {
    InFlight table(kPlenty);
    const FlightPtr first = table.add(import(5));
    table.add(import(6));
    table.enter(table.add(remove(7)), Flight::State::delayed);
    table.enter(first, Flight::State::running);
    const FlightCounts counts = table.count();
    EXPECT_EQ(counts.waiting, 1U);
    EXPECT_EQ(counts.running, 1U);
    EXPECT_EQ(counts.delayed, 1U);
    EXPECT_EQ(counts.actions.at(Action::import).waiting, 1U);
    EXPECT_EQ(counts.actions.at(Action::import).running, 1U);
    EXPECT_EQ(counts.actions.at(Action::remove).delayed, 1U);
    EXPECT_FALSE(counts.actions.contains(Action::monitor));
}

TEST(InFlight, LimitOfRequests) {
    InFlight table({2, 1'000});
    const FlightPtr first = table.add(import(1));
    const FlightPtr second = table.add(import(2));
    EXPECT_TRUE(first && second);
    EXPECT_EQ(table.add(import(3)), nullptr);
    EXPECT_EQ(table.size(), 2U);
    table.finish(first);
    EXPECT_NE(table.add(import(3)), nullptr);
    EXPECT_EQ(table.add(import(4)), nullptr);
}

TEST(InFlight, WhatIsOnDiskAlreadyCountsForNoLimit) {
    const test::TempDir dir;
    Journal journal(dir / "journal");
    InFlight table({1, 3});
    std::vector<FlightPtr> taken_up;
    for (const ObjectId id : {1, 2, 3})
        taken_up.push_back(
            table.take_up(journal.open(import(id, "abc")), Flight::Origin::earlier_life));
    EXPECT_TRUE(table.cancel(Action::import, 3)) << "it is found like any other";
    const FlightPtr fresh = table.add(import(4, "abc"));
    EXPECT_NE(fresh, nullptr);
    EXPECT_EQ(table.add(import(5)), nullptr);
    for (const FlightPtr& flight : taken_up) table.finish(flight);
    EXPECT_EQ(table.add(import(5)), nullptr);
    table.finish(fresh);
    EXPECT_NE(table.add(import(5)), nullptr);
}

TEST(InFlight, LimitOfBytes) {
    InFlight table({1'000, 10});
    const FlightPtr first = table.add(import(1, "123456"));
    EXPECT_NE(first, nullptr);
    EXPECT_EQ(table.add(import(2, "12345")), nullptr);
    EXPECT_NE(table.add(import(3, "1234")), nullptr);  // just fits
    EXPECT_EQ(table.add(import(4, "1")), nullptr);
    EXPECT_NE(table.add(import(5, "")), nullptr);
    table.finish(first);
    EXPECT_NE(table.add(import(6, "123456")), nullptr);
    EXPECT_EQ(table.add(import(7, "1")), nullptr);
}

TEST(InFlight, BytesOfARefusedRequestDoNotCount) {
    InFlight table({1'000, 10});
    for (int i = 0; i < 100; ++i) EXPECT_EQ(table.add(import(i, "12345678901")), nullptr);
    EXPECT_NE(table.add(import(1, "1234567890")), nullptr);
}

TEST(InFlight, CancelIsForOneActionAndId) {
    InFlight table(kPlenty);
    const FlightPtr meant = table.add(import(5));
    const FlightPtr other_id = table.add(import(6));
    const FlightPtr other_action = table.add(monitor(5));
    EXPECT_TRUE(table.cancel(Action::import, 5));
    EXPECT_TRUE(meant->stop.stop_requested());
    EXPECT_FALSE(other_id->stop.stop_requested());
    EXPECT_FALSE(other_action->stop.stop_requested());
    EXPECT_FALSE(table.cancel(Action::import, 7));
    EXPECT_FALSE(table.cancel(Action::remove, 5));
    EXPECT_EQ(table.size(), 3U);  // until they are answered
    table.finish(meant);
    EXPECT_FALSE(table.cancel(Action::import, 5));
}

TEST(InFlight, Finds) {
    InFlight table(kPlenty);
    const FlightPtr first = table.add(import(5));
    const FlightPtr second = table.add(import(5));
    table.add(import(6));
    table.add(remove(5));
    EXPECT_THAT(table.find(Action::import, 5), testing::UnorderedElementsAre(first, second));
    EXPECT_THAT(table.find(Action::monitor, 5), IsEmpty());
}

TEST(InFlight, CancelAll) {
    InFlight table(kPlenty);
    const std::vector<FlightPtr> flights{table.add(import(5)), table.add(remove(6)),
                                         table.add(monitor(100))};
    table.stop_all(false);
    for (const FlightPtr& flight : flights) EXPECT_TRUE(flight->stop.stop_requested());
}

// What is kept on disk is stopped for this life alone, the moment it is kept too; the rest is
// cancelled, and what was cancelled before stays so.
TEST(InFlight, StopAllSuspendsImportsThatAreKept) {
    const test::TempDir dir;
    Journal journal(dir / "journal");
    InFlight table(kPlenty);
    const FlightPtr kept = table.add(import(5));
    table.keep(kept, journal.open(kept->request));
    const FlightPtr being_kept = table.add(import(6));
    const FlightPtr cancelled = table.add(import(7));
    table.keep(cancelled, journal.open(cancelled->request));
    table.cancel(Action::import, 7);
    const FlightPtr other = table.add(remove(8));
    table.stop_all(true);
    table.keep(being_kept, journal.open(being_kept->request));
    for (const FlightPtr& flight : {kept, being_kept, cancelled, other})
        EXPECT_TRUE(flight->stop.stop_requested());
    EXPECT_TRUE(kept->record->suspended());
    EXPECT_TRUE(being_kept->record->suspended());
    EXPECT_FALSE(cancelled->record->suspended());
    EXPECT_TRUE(table.commit(kept, "http://m/5")) << "published at the last moment: it may be told";
    EXPECT_FALSE(table.commit(cancelled, "http://m/7"));
}

TEST(InFlight, WhatAnEarlierLifeHasPublishedIsRemembered) {
    InFlight table(kPlenty);
    table.remember(5, "http://m/5");
    const FlightPtr flight = table.add(remove(5));
    EXPECT_FALSE(table.cancel_import_before(flight));
    EXPECT_EQ(flight->published_source, "http://m/5");
}

TEST(InFlight, CommitAfterCancelIsFalseAndStaysSo) {
    InFlight table(kPlenty);
    const FlightPtr flight = table.add(import(5));
    table.cancel(Action::import, 5);
    EXPECT_FALSE(table.commit(flight, "http://m/5"));
    EXPECT_FALSE(table.commit(flight, "http://m/5"));
}

TEST(InFlight, CommitAfterCancelAllIsFalse) {
    InFlight table(kPlenty);
    const FlightPtr flight = table.add(import(5));
    table.stop_all(false);
    EXPECT_FALSE(table.commit(flight, "http://m/5"));
}

TEST(InFlight, CancelAfterCommitHasNoEffect) {
    InFlight table(kPlenty);
    const FlightPtr flight = table.add(import(5));
    EXPECT_TRUE(table.commit(flight, "http://m/5"));
    EXPECT_FALSE(table.cancel(Action::import, 5)) << "whoever asks is not told that it ends";
    table.stop_all(false);
    EXPECT_FALSE(flight->stop.stop_requested());
}

TEST(InFlight, ADeleteWithoutAnImportMayRunAtOnce) {
    InFlight table(kPlenty);
    const FlightPtr other_app = table.add(import(6));
    const FlightPtr other_action = table.add(monitor(5));
    const FlightPtr flight = table.add(remove(5));
    EXPECT_FALSE(table.cancel_import_before(flight));
    EXPECT_FALSE(other_app->stop.stop_requested());
    EXPECT_FALSE(other_action->stop.stop_requested());
}

TEST(InFlight, ADeleteStopsTheImportAndWaitsForItsEnd) {
    InFlight table(kPlenty);
    const FlightPtr running = table.add(import(5));
    const FlightPtr flight = table.add(remove(5));
    EXPECT_TRUE(table.cancel_import_before(flight));
    EXPECT_TRUE(running->stop.stop_requested());
    EXPECT_FALSE(flight->stop.stop_requested());
    EXPECT_FALSE(table.commit(running, "http://m/5"));
    EXPECT_THAT(table.finish(running), ElementsAre(flight));
    EXPECT_EQ(flight->published_source, std::nullopt);
    EXPECT_EQ(table.size(), 1U);
}

TEST(InFlight, ADeleteThatCameTooLateLearnsThePublishedSource) {
    InFlight table(kPlenty);
    const FlightPtr running = table.add(import(5));
    const FlightPtr flight = table.add(remove(5));
    EXPECT_TRUE(table.commit(running, "http://m/5"));
    EXPECT_TRUE(table.cancel_import_before(flight));
    EXPECT_FALSE(running->stop.stop_requested());
    EXPECT_THAT(table.finish(running), ElementsAre(flight));
    EXPECT_EQ(flight->published_source, "http://m/5");
}

// oned may send a DELETE before it has read the import's SUCCESS.
TEST(InFlight, ADeleteThatCrossedTheAnswerLearnsThePublishedSource) {
    InFlight table(kPlenty);
    const FlightPtr import_of_5 = table.add(import(5));
    EXPECT_TRUE(table.commit(import_of_5, "http://m/5"));
    table.finish(import_of_5);
    const FlightPtr flight = table.add(remove(5));
    EXPECT_FALSE(table.cancel_import_before(flight));
    EXPECT_EQ(flight->published_source, "http://m/5");
    const FlightPtr other = table.add(remove(6));
    EXPECT_FALSE(table.cancel_import_before(other));
    EXPECT_EQ(other->published_source, std::nullopt);
}

TEST(InFlight, NothingIsPublishedByAnImportThatWasNotCommitted) {
    InFlight table(kPlenty);
    const FlightPtr failed = table.add(import(5));
    table.finish(failed);
    const FlightPtr cancelled = table.add(import(5));
    table.cancel(Action::import, 5);
    EXPECT_FALSE(table.commit(cancelled, "http://m/5"));
    table.finish(cancelled);
    const FlightPtr flight = table.add(remove(5));
    EXPECT_FALSE(table.cancel_import_before(flight));
    EXPECT_EQ(flight->published_source, std::nullopt);
}

TEST(InFlight, RemembersTheLastImports) {
    InFlight table(kPlenty);
    const auto publish = [&](ObjectId id, const std::string& source) {
        const FlightPtr flight = table.add(import(id));
        EXPECT_TRUE(table.commit(flight, source));
        table.finish(flight);
    };
    const auto published = [&](ObjectId id) {
        const FlightPtr flight = table.add(remove(id));
        EXPECT_FALSE(table.cancel_import_before(flight));
        table.finish(flight);
        return flight->published_source;
    };
    publish(1, "old");
    publish(1, "new");
    EXPECT_EQ(published(1), "new");
    const auto count = static_cast<ObjectId>(InFlight::kRemembered);
    for (ObjectId id = 2; id <= count; ++id) publish(id, "x");
    EXPECT_EQ(published(1), "new");
    publish(count + 1, "x");
    EXPECT_EQ(published(1), std::nullopt);
    EXPECT_EQ(published(2), "x");
    EXPECT_EQ(published(count + 1), "x");
}

TEST(InFlight, TwoDeletesWaitForOneImport) {
    InFlight table(kPlenty);
    const FlightPtr running = table.add(import(5));
    const FlightPtr first = table.add(remove(5));
    const FlightPtr second = table.add(remove(5));
    EXPECT_TRUE(table.cancel_import_before(first));
    EXPECT_TRUE(table.cancel_import_before(second));
    EXPECT_THAT(table.finish(running), ElementsAre(first, second));
}

TEST(InFlight, NobodyWaitsTwice) {
    InFlight table(kPlenty);
    const FlightPtr running = table.add(import(5));
    const FlightPtr flight = table.add(remove(5));
    table.cancel_import_before(flight);
    EXPECT_THAT(table.finish(running), ElementsAre(flight));
    EXPECT_THAT(table.finish(running), IsEmpty());
    EXPECT_THAT(table.finish(flight), IsEmpty());
    EXPECT_TRUE(table.empty());
}

// ---- an id several times ----

TEST(InFlight, DuplicatesAreRequestsOfTheirOwn) {
    InFlight table({1'000, 10});
    const FlightPtr first = table.add(import(5, "1234567"));
    const FlightPtr second = table.add(import(5, "123"));
    ASSERT_TRUE(first && second);
    EXPECT_NE(first, second);
    EXPECT_EQ(table.size(), 2U);
    table.finish(second);  // not its namesake: seven bytes are still taken
    EXPECT_EQ(table.size(), 1U);
    EXPECT_EQ(table.add(import(6, "1234")), nullptr);
    EXPECT_NE(table.add(import(6, "123")), nullptr);
}

TEST(InFlight, CancelMeansAllDuplicates) {
    InFlight table(kPlenty);
    const FlightPtr first = table.add(import(5));
    const FlightPtr second = table.add(import(5));
    EXPECT_TRUE(table.cancel(Action::import, 5));
    EXPECT_TRUE(first->stop.stop_requested());
    EXPECT_TRUE(second->stop.stop_requested());
}

TEST(InFlight, ADeleteWaitsForAllDuplicates) {
    for (const bool first_ends_first : {true, false}) {
        SCOPED_TRACE(first_ends_first ? "the first ends first" : "the second ends first");
        InFlight table(kPlenty);
        const FlightPtr first = table.add(import(5));
        const FlightPtr second = table.add(import(5));
        const FlightPtr flight = table.add(remove(5));
        EXPECT_TRUE(table.cancel_import_before(flight));
        EXPECT_TRUE(first->stop.stop_requested());
        EXPECT_TRUE(second->stop.stop_requested());
        EXPECT_THAT(table.finish(first_ends_first ? first : second), IsEmpty());
        EXPECT_THAT(table.finish(first_ends_first ? second : first), ElementsAre(flight));
    }
}

TEST(InFlight, ADeleteLearnsTheSourceOfWhicheverDuplicatePublished) {
    for (const bool first_published : {true, false}) {
        InFlight table(kPlenty);
        const FlightPtr first = table.add(import(5));
        const FlightPtr second = table.add(import(5));
        const FlightPtr flight = table.add(remove(5));
        EXPECT_TRUE(table.commit(first_published ? first : second, "http://m/5"));
        EXPECT_TRUE(table.cancel_import_before(flight));
        table.finish(first);
        table.finish(second);
        EXPECT_EQ(flight->published_source, "http://m/5") << first_published;
    }
}

// ---- threads ----

TEST(InFlight, EitherTheCancelOrTheCommitWins) {
    for (int round = 0; round < 500; ++round) {
        InFlight table(kPlenty);
        const FlightPtr flight = table.add(import(5));
        std::latch both(2);
        bool committed = false;
        std::thread worker([&] {
            both.arrive_and_wait();
            committed = table.commit(flight, "http://m/5");
        });
        both.arrive_and_wait();
        table.cancel(Action::import, 5);
        worker.join();
        ASSERT_NE(committed, flight->stop.stop_requested());
    }
}

TEST(InFlight, ManyThreads) {
    InFlight table({100'000, 100'000});
    std::vector<std::thread> threads;
    std::latch all(4);
    for (int thread = 0; thread < 4; ++thread) {
        threads.emplace_back([&] {
            all.arrive_and_wait();
            for (int id = 0; id < 200; ++id) {
                const FlightPtr flight = table.add(import(id, "x"));
                const FlightPtr next = table.add(remove(id));
                const bool waits = table.cancel_import_before(next);
                EXPECT_TRUE(waits);
                table.commit(flight, "http://m");
                table.finish(flight);
                table.finish(next);
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_TRUE(table.empty());
}

// ---- for whoever watches ----

TEST(InFlight, ListsWhatRunsFirstAndTheOldestFirst) {
    InFlight table(kPlenty);
    std::vector<FlightPtr> flights;
    for (const ObjectId id : {1, 2, 3, 4}) {
        flights.push_back(table.add(import(id)));
        flights.back()->accepted = Flight::Time(std::chrono::seconds(100 - id));
    }
    table.enter(flights[0], Flight::State::running);
    table.enter(flights[1], Flight::State::running);
    table.enter(flights[2], Flight::State::delayed);
    table.describe(flights[3], {100, "Lab", "alpine"});
    std::vector<ObjectId> ids;
    for (const FlightView& view : table.list(10)) ids.push_back(view.id);
    EXPECT_THAT(ids, ElementsAre(2, 1, 4, 3));
    EXPECT_EQ(table.list(10)[2].subject.app_name, "alpine");
    EXPECT_EQ(table.list(2).size(), 2U);
    EXPECT_TRUE(table.list(0).empty());
    const FlightCounts counts = table.count();
    EXPECT_EQ(counts.running, 2U);
    EXPECT_EQ(counts.waiting, 1U);
    EXPECT_EQ(counts.delayed, 1U);
    EXPECT_FALSE(counts.oldest);  // none is on disk
}

TEST(InFlight, ListTellsWhoWasCancelledAndHowFarTheyAre) {
    InFlight table(kPlenty);
    const FlightPtr flight = table.add(import(5));
    flight->transfer.begin(10);
    flight->transfer.moved(4);
    table.cancel(Action::import, 5);
    const FlightView view = table.list(1).at(0);
    EXPECT_TRUE(view.cancelled);
    EXPECT_EQ(view.transfer.moved, 4U);
    EXPECT_EQ(table.moved(), 4U);
    table.finish(flight);
    EXPECT_EQ(table.moved(), 4U);
}

TEST(InFlight, GivesUpImportsThatAreNotOnDisk) {
    InFlight table(kPlenty);
    const FlightPtr kept = table.add(import(5));
    const FlightPtr waits = table.add(import(6));
    const FlightPtr a_template = table.add(import(7));
    Subject subject;
    subject.is_template = true;
    table.describe(a_template, subject);
    table.add(monitor(100));
    table.add(remove(5));
    EXPECT_EQ(table.begin_keeping(kept), InFlight::Keeping::wanted);
    EXPECT_THAT(table.give_up_unkept(), ElementsAre(waits));
    EXPECT_EQ(table.begin_keeping(waits), InFlight::Keeping::given_up);
    EXPECT_FALSE(table.enter(waits, Flight::State::running)) << "it is answered";
    EXPECT_TRUE(table.enter(kept, Flight::State::running));
}

// Nothing of these is to be on disk: who gives up answers them, unless a worker does.
TEST(InFlight, GivesUpWhatIsRefusedOrCancelled) {
    InFlight table(kPlenty);
    const FlightPtr refused = table.add(import(5));
    refused->refusal = "no journal";
    const FlightPtr cancelled = table.add(import(6));
    const FlightPtr runs = table.add(import(7));
    runs->refusal = "no journal";
    table.cancel(Action::import, 6);
    for (const FlightPtr& flight : {refused, cancelled, runs})
        EXPECT_EQ(table.begin_keeping(flight), InFlight::Keeping::unwanted);
    EXPECT_TRUE(table.enter(runs, Flight::State::running));
    EXPECT_THAT(table.give_up_unkept(), ElementsAre(refused, cancelled));
}

// The next life goes on with it.
TEST(InFlight, KeepsWhatIsSuspended) {
    InFlight table(kPlenty);
    const FlightPtr flight = table.add(import(5));
    table.stop_all(true);
    EXPECT_EQ(table.begin_keeping(flight), InFlight::Keeping::wanted);
}

TEST(InFlight, OtherLimits) {
    InFlight table({1, 1000});
    ASSERT_TRUE(table.add(import(1)));
    EXPECT_FALSE(table.add(import(2)));
    table.set_limits({2, 1000});
    EXPECT_TRUE(table.add(import(2)));
    table.set_limits({1, 1000});
    EXPECT_FALSE(table.add(import(3)));
    EXPECT_EQ(table.size(), 2U);
}

}  // namespace
}  // namespace onemarket
