// SPDX-License-Identifier: Apache-2.0
#include "daemon/answers.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>

#include "tests/backends/helpers.h"

namespace onemarket {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

class AnswersTest : public testing::Test {
  protected:
    AnswersTest() {
        std::array<int, 2> fds{};
        if (::pipe2(fds.data(), O_CLOEXEC) != 0) throw system_error(errno, "pipe");
        reader_.reset(fds[0]);
        writer_.emplace(UniqueFd(fds[1]), [] {});
        retries_.emplace(Retries::Outside{loop_, in_flight_, current_, [](const FlightPtr&) {},
                                          log_nothing, log_nothing},
                         std::chrono::seconds(60));
        answers_.emplace(Answers::Outside{loop_, *writer_, *retries_, log_nothing});
    }
    static void log_nothing(LogLevel, std::string_view) {}

    RecordPtr import(bool left) {
        RecordPtr record = journal_.open({Action::import, 5, "cGF5bG9hZA=="});
        record->set_left(left);
        return record;
    }
    FlightPtr flight(const RecordPtr& record, Flight::Origin origin) {
        return in_flight_.take_up(record, origin);
    }
    void give(const RecordPtr& record, const Reply& reply) {
        answers_->give(flight(record, Flight::Origin::oned), reply);
    }
    // What is in the journal when oned has been told.
    std::vector<std::string> journal() {
        loop_.poll();
        loop_.restart();
        std::string line;
        for (char c = 0; c != '\n' && ::read(reader_.get(), &c, 1) == 1;) line += c;
        EXPECT_THAT(line, StartsWith("IMPORT "));
        test::eventually([&] {
            const auto names = test::list(dir_ / "journal");
            return std::none_of(names.begin(), names.end(),
                                [](const auto& name) { return name.starts_with("import-"); });
        });
        return test::list(dir_ / "journal");
    }
    static Reply success() { return {Action::import, true, 5, "dGV4dA=="}; }
    static Reply failure() { return {Action::import, false, 5, "no"}; }

    test::TempDir dir_;
    Journal journal_{dir_ / "journal"};
    std::atomic<Journal*> current_ = &journal_;
    boost::asio::io_context loop_;
    InFlight in_flight_{{100, size_t{64} << 20}};
    UniqueFd reader_;
    std::optional<ReplyWriter> writer_;
    std::optional<Retries> retries_;
    std::optional<Answers> answers_;
};

// A go before it, or a temporary that could not be removed: whatever it is, the image stays.
TEST_F(AnswersTest, WhatIsLeftBesideASuccessIsNotClearedAway) {
    give(import(true), success());
    EXPECT_THAT(journal(), IsEmpty());
}

TEST_F(AnswersTest, WhatIsLeftOfAFailureIsClearedAwayByItsMark) {
    const RecordPtr record = import(true);
    give(record, failure());
    EXPECT_THAT(journal(), ElementsAre("clear-5-" + record->mark()));
}

TEST_F(AnswersTest, AFailureThatLeavesNothingIsForgotten) {
    give(import(false), failure());
    EXPECT_THAT(journal(), IsEmpty());
}

TEST_F(AnswersTest, ASuccessThatIsRepeatedIsNotClearedAway) {
    const RecordPtr record = import(false);
    record->note(kLeftNote, "yes");  // as drivers once did
    record->set_answer(success());
    answers_->repeat(record);
    writer_->release_late_replies();
    EXPECT_THAT(journal(), IsEmpty());
}

TEST_F(AnswersTest, AFailureThatIsRepeatedIsClearedUpBehind) {
    const RecordPtr record = import(false);
    record->note(kLeftNote, "yes");
    record->set_answer(failure());
    answers_->repeat(record);
    writer_->release_late_replies();
    EXPECT_THAT(journal(), ElementsAre("clear-5-" + record->mark()));
}

// Another app has its id.
TEST_F(AnswersTest, WhatWasNotToldIsWithdrawnAndClearedUpBehind) {
    const RecordPtr record = import(false);
    answers_->give(flight(record, Flight::Origin::earlier_life), success());
    answers_->supersede(5);
    EXPECT_THAT(test::list(dir_ / "journal"), ElementsAre("clear-5-" + record->mark()));
}

// Its answer was being noted when the other app's IMPORT came.
TEST_F(AnswersTest, WhatComesBehindItsWithdrawalIsNotTold) {
    const RecordPtr record = import(false);
    const FlightPtr late = flight(record, Flight::Origin::earlier_life);
    late->superseded = true;
    answers_->supersede(5);
    writer_->release_late_replies();
    answers_->give(late, success());
    EXPECT_THAT(test::list(dir_ / "journal"), ElementsAre("clear-5-" + record->mark()));
}

TEST_F(AnswersTest, WhatMayHaveBeenToldStays) {
    const RecordPtr record = import(false);
    record->set_answer(success());
    answers_->repeat(record);
    answers_->supersede(5);
    EXPECT_THAT(test::list(dir_ / "journal"), IsEmpty());
}

}  // namespace
}  // namespace onemarket
