// SPDX-License-Identifier: Apache-2.0
#include "daemon/journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <set>
#include <string>
#include <utility>

#include "backends/io/digest.h"
#include "protocol/base64.h"
#include "protocol/hex.h"
#include "tests/backends/helpers.h"

namespace onemarket {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class JournalTest : public testing::Test {
  protected:
    static Request import_of(ObjectId id, const std::string& payload = "cGF5bG9hZA==") {
        return {Action::import, id, payload};
    }
    Journal::Left load() const { return Journal(folder_).load(); }
    RecordPtr loaded() const {
        const Journal::Left left = load();
        EXPECT_THAT(left.problems, IsEmpty());
        EXPECT_THAT(left.records, SizeIs(1));
        return left.records.empty() ? nullptr : left.records.front();
    }
    std::string file() const { return folder_ + "/" + test::list(folder_).at(0); }

    test::TempDir dir_;
    const std::string folder_ = dir_ / "journal";
    Journal journal_{folder_};
};

TEST_F(JournalTest, WhatIsWrittenIsReadBack) {
    const RecordPtr record = journal_.open(import_of(5));
    record->begin();
    record->note("upload", "id with\nodd \"bytes\"");
    record->note("upload", "another");
    record->note("publishing", "");

    const RecordPtr again = loaded();
    EXPECT_EQ(again->request().action, Action::import);
    EXPECT_EQ(again->request().id, 5);
    EXPECT_EQ(again->request().payload, "cGF5bG9hZA==");
    EXPECT_EQ(again->mark(), record->mark());
    EXPECT_EQ(again->noted("upload"), "another");
    EXPECT_EQ(again->noted("publishing"), "");
    EXPECT_EQ(again->noted("other"), std::nullopt);
    EXPECT_EQ(again->attempts(), 1U);
    EXPECT_TRUE(again->resumed());
    EXPECT_FALSE(record->resumed()) << "it was begun by this life alone";
    EXPECT_FALSE(again->answer());
    EXPECT_LT(again->accepted() - record->accepted(), std::chrono::milliseconds(1));
}

TEST_F(JournalTest, AnAnswerIsKept) {
    journal_.open(import_of(5))->set_answer({Action::import, false, 5, "no\nroom"});
    const RecordPtr again = loaded();
    ASSERT_TRUE(again->answer());
    EXPECT_FALSE(again->answer()->success);
    EXPECT_EQ(again->answer()->info, "no\nroom");
    EXPECT_EQ(again->answer()->id, 5);
    again->retire();
    EXPECT_THAT(test::list(folder_), IsEmpty());
}

// Half a line that could not be taken back (a disk that fails): what comes behind it counts.
TEST_F(JournalTest, ALineBehindHalfALine) {
    const RecordPtr record = journal_.open(import_of(5));
    test::write_file(file(), test::read_file(file()) + "0123456789abcdef note publ");
    record->note("upload", "id");
    record->set_answer({Action::import, true, 5, "all well"});
    const Journal::Left left = load();
    EXPECT_THAT(left.problems, ElementsAre(HasSubstr("1 damaged lines are ignored")));
    ASSERT_THAT(left.records, SizeIs(1));
    EXPECT_EQ(left.records[0]->noted("upload"), "id");
    ASSERT_TRUE(left.records[0]->answer());
    EXPECT_EQ(left.records[0]->answer()->info, "all well");
}

TEST_F(JournalTest, AnEndThatWasMeantIsNoAttempt) {
    const RecordPtr record = journal_.open(import_of(5));
    record->end();  // it was not begun: nothing to take back
    for (int life = 0; life < 3; ++life) {
        const RecordPtr again = loaded();
        EXPECT_EQ(again->attempts(), 0U);
        again->begin();
        again->end();
    }
    EXPECT_TRUE(loaded()->resumed());
}

TEST_F(JournalTest, AnImportMayBePutOffAsOftenAsItTakes) {
    const RecordPtr record = journal_.open(import_of(5));
    for (int i = 0; i < 9; ++i) {
        record->begin();
        record->end();
        record->end();  // the shutdown ends what does not run
    }
    EXPECT_EQ(record->attempts(), 0U);
    EXPECT_TRUE(record->resumed()) << "what the last go has left is there";
    EXPECT_EQ(loaded()->attempts(), 0U);
}

TEST_F(JournalTest, ADeleteOfAnImportsMark) {
    const RecordPtr import = journal_.open(import_of(5));
    const Request removal{Action::remove, 5, import->request().payload};
    const RecordPtr record = journal_.open(removal, import->mark());
    ASSERT_NE(record, nullptr);
    EXPECT_EQ(record->mark(), import->mark());
    EXPECT_TRUE(record->resumed()) << "what the import has published is to go";
    EXPECT_EQ(journal_.open(removal, import->mark()), nullptr) << "it is there already";
}

TEST_F(JournalTest, WhatAnImportHasLeftIsClearedByItsMark) {
    const RecordPtr import = journal_.open(import_of(5));
    import->set_answer({Action::import, false, 5, "no"});
    const RecordPtr record = journal_.open_clearing(*import);
    ASSERT_NE(record, nullptr);
    EXPECT_EQ(journal_.open_clearing(*import), nullptr) << "it is there already";
    EXPECT_TRUE(import->retire());
    const RecordPtr again = loaded();
    EXPECT_TRUE(again->clears());
    EXPECT_EQ(again->mark(), import->mark());
    EXPECT_EQ(again->request().action, Action::remove);
    EXPECT_EQ(again->request().payload, import->request().payload);
    EXPECT_TRUE(again->resumed());
}

TEST_F(JournalTest, NothingIsClearedBehindASuccess) {
    const RecordPtr import = journal_.open(import_of(5));
    import->set_answer({Action::import, true, 5, "dGV4dA=="});
    EXPECT_EQ(journal_.open_clearing(*import), nullptr);
    EXPECT_EQ(journal_.open_clearing(*loaded()), nullptr) << "nor in another life";
}

// Whoever has written it: the driver once did.
TEST_F(JournalTest, WhatWouldClearBehindASuccessIsNotTakenUp) {
    const RecordPtr import = journal_.open(import_of(5));
    journal_.open_clearing(*import);
    journal_.open({Action::remove, 5, import->request().payload}, import->mark());
    const RecordPtr others = journal_.open({Action::remove, 5, "b25lZHM="});
    import->set_answer({Action::import, true, 5, "dGV4dA=="});
    const Journal::Left left = load();
    EXPECT_THAT(left.problems, testing::Each(HasSubstr("not done, since the import")));
    EXPECT_THAT(left.problems, SizeIs(2));
    // They may have come in the same millisecond.
    std::set<std::pair<Action, std::string>> records;
    for (const RecordPtr& record : left.records)
        records.emplace(record->request().action, record->mark());
    EXPECT_THAT(records, testing::UnorderedElementsAre(std::pair(Action::import, import->mark()),
                                                       std::pair(Action::remove, others->mark())));
    EXPECT_THAT(test::list(folder_), SizeIs(2));
}

// Nobody writes such a record; it is not the import that went well.
TEST_F(JournalTest, ADeleteWithAnAnswerIsTakenUp) {
    const RecordPtr removal = journal_.open({Action::remove, 5, "b25lZHM="});
    removal->set_answer({Action::remove, true, 5, ""});
    EXPECT_THAT(load().records, SizeIs(1));
}

TEST_F(JournalTest, ATimeThatCannotBeIsDamage) {
    for (const char* time : {"0", "-1", "9223372036854775807", "-9223372036854775808", "x"}) {
        const std::string text = "onemarketd-journal-1 IMPORT 5 " + std::string(time) + " eA==";
        test::write_file(folder_ + "/import-5-0123456789abcdef",
                         to_hex(sha256(text)).substr(0, 16) + " " + text + "\n");
        const Journal::Left left = journal_.load();
        EXPECT_THAT(left.records, IsEmpty()) << time;
        ASSERT_EQ(left.damaged.size(), 1U) << time;
        EXPECT_TRUE(left.damaged[0].forget());
        EXPECT_THAT(test::list(folder_), IsEmpty());
    }
}

TEST_F(JournalTest, InTheOrderTheyCame) {
    for (const int id : {7, 5, 6}) {
        journal_.open(import_of(id));
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    std::vector<ObjectId> ids;
    for (const RecordPtr& record : load().records) ids.push_back(record->request().id);
    EXPECT_THAT(ids, ElementsAre(7, 5, 6));
}

TEST_F(JournalTest, NobodyElseMayRead) {
    journal_.open(import_of(5));
    EXPECT_EQ(test::mode_of(folder_), 0700U);
    EXPECT_EQ(test::mode_of(file()), 0600U);
    EXPECT_TRUE(test::list(folder_).at(0).starts_with("import-5-"));
}

// Wherever it was cut: the record is whole, or damaged, or without its last lines; never another.
TEST_F(JournalTest, CutAnywhere) {
    const RecordPtr record = journal_.open(import_of(5));
    const size_t first_line = test::read_file(file()).size();
    record->begin();
    record->note("upload", "id");
    record->set_answer({Action::import, true, 5, "dGV4dA=="});
    const std::string whole = test::read_file(file());
    for (size_t size = 0; size < whole.size(); ++size) {
        test::write_file(file(), whole.substr(0, size));
        const Journal::Left left = load();
        if (size + 1 < first_line) {
            EXPECT_THAT(left.records, IsEmpty()) << size;
            ASSERT_THAT(left.damaged, SizeIs(1)) << size;
            EXPECT_EQ(left.damaged[0].id, 5);
            EXPECT_THAT(left.problems, ElementsAre(HasSubstr("damaged")));
            continue;
        }
        ASSERT_THAT(left.records, SizeIs(1)) << size;
        EXPECT_EQ(left.records[0]->request().payload, "cGF5bG9hZA==");
        EXPECT_EQ(left.records[0]->answer().has_value(), size + 1 >= whole.size()) << size;
        // What is noted next is not spoilt by it.
        left.records[0]->note("next", "x");
        EXPECT_EQ(load().records.at(0)->noted("next"), "x") << size;
    }
}

TEST_F(JournalTest, AnyBitFlipped) {
    const RecordPtr record = journal_.open(import_of(5));
    record->note("upload", "id");
    record->set_answer({Action::import, false, 5, "no room"});
    const std::string whole = test::read_file(file());
    for (size_t i = 0; i < whole.size() * 8; ++i) {
        std::string flipped = whole;
        flipped[i / 8] = static_cast<char>(flipped[i / 8] ^ (1 << (i % 8)));
        test::write_file(file(), flipped);
        const Journal::Left left = load();
        EXPECT_FALSE(left.problems.empty()) << "bit " << i << " was not noticed";
        if (left.records.empty()) continue;
        const JournalRecord& read = *left.records[0];
        EXPECT_EQ(read.request().payload, "cGF5bG9hZA==") << i;
        EXPECT_EQ(read.noted("upload").value_or("id"), "id") << i;
        EXPECT_EQ(read.answer().value_or(Reply{Action::import, false, 5, "no room"}).info,
                  "no room")
            << i;
    }
}

TEST_F(JournalTest, OneDamagedRecordIsOneRecord) {
    journal_.open(import_of(5));
    test::write_file(file(), "rubbish\n");
    journal_.open(import_of(6));
    test::write_file(folder_ + "/notes.txt", "what is this?");
    fs::create_directory(folder_ + "/import-9-0123456789abcdef");
    const Journal::Left left = load();
    ASSERT_THAT(left.records, SizeIs(1));
    EXPECT_EQ(left.records[0]->request().id, 6);
    EXPECT_THAT(left.damaged, SizeIs(1)) << "nobody of us makes a folder there";
    EXPECT_THAT(left.problems, SizeIs(3));
}

TEST_F(JournalTest, ADiskWithoutRoomIsAnErrorAndLeavesNothing) {
    {
        const test::FullDisk full(100);
        const Error error =
            test::error_of([&] { journal_.open(import_of(5, std::string(10'000, 'A'))); });
        EXPECT_THAT(error.what(), HasSubstr(folder_));
    }
    EXPECT_THAT(test::list(folder_), IsEmpty());

    const RecordPtr record = journal_.open(import_of(5));
    {
        const test::FullDisk full(fs::file_size(file()) + 10);
        test::error_of([&] { record->note("upload", "an id that is long enough"); });
    }
    EXPECT_EQ(loaded()->noted("upload"), std::nullopt);
    record->note("upload", "id");
    EXPECT_EQ(loaded()->noted("upload"), "id");
}

TEST_F(JournalTest, WhyNothingCanBeNotedDownIsKnown) {
    EXPECT_EQ(journal_.fault(), "");
    EXPECT_FALSE(journal_.recovers()) << "nothing was wrong";
    {
        const test::FullDisk full(100);
        test::error_of([&] { journal_.open(import_of(5, std::string(10'000, 'A'))); });
        EXPECT_THAT(journal_.fault(), HasSubstr("File too large"));
        EXPECT_FALSE(journal_.recovers());
        EXPECT_THAT(journal_.fault(), HasSubstr("File too large"));
    }
    EXPECT_TRUE(journal_.recovers());
    EXPECT_EQ(journal_.fault(), "");
    EXPECT_THAT(test::list(folder_), IsEmpty());
    {
        const test::FullDisk full(100);
        test::error_of([&] { journal_.open(import_of(5, std::string(10'000, 'A'))); });
    }
    journal_.open(import_of(6));
    EXPECT_EQ(journal_.fault(), "");
}

TEST_F(JournalTest, AFolderThatIsNoneIsAnError) {
    test::write_file(dir_ / "file", "");
    EXPECT_THAT(test::error_of([&] { Journal journal(dir_ / "file/journal"); }).what(),
                HasSubstr("Not a directory"));
}

TEST_F(JournalTest, AFolderThatSomebodyRemovesIsMadeAnew) {
    fs::remove_all(folder_);
    journal_.open(import_of(5));
    EXPECT_EQ(loaded()->request().id, 5);
    fs::remove_all(folder_);
    test::write_file(folder_, "");
    EXPECT_THAT(test::error_of([&] { journal_.open(import_of(5)); }).what(), HasSubstr(folder_));
}

// With a file where the folder was, too.
TEST_F(JournalTest, ARecordWhoseFolderIsGoneIsNotThere) {
    const RecordPtr record = journal_.open(import_of(5));
    EXPECT_TRUE(record->is_there());
    fs::remove_all(folder_);
    EXPECT_FALSE(record->is_there());
    test::write_file(folder_, "");
    EXPECT_FALSE(record->is_there());
    EXPECT_TRUE(record->retire());
}

TEST_F(JournalTest, ALargeRequest) {
    const std::string payload = base64_encode(test::noise(size_t{11} << 20));
    journal_.open(import_of(5, payload));
    EXPECT_TRUE(loaded()->request().payload == payload);
}

}  // namespace
}  // namespace onemarket
