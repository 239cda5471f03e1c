// SPDX-License-Identifier: Apache-2.0
#include "daemon/reply_writer.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <future>
#include <latch>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace onemarket {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using Lines = std::vector<std::string>;

constexpr seconds kFailAfter{30};  // only ever reached by a test that fails
constexpr size_t kPipeBytes = 64 << 10;

class ReplyWriterTest : public testing::Test {
  protected:
    static void SetUpTestSuite() { ::signal(SIGPIPE, SIG_IGN); }  // as the driver does

    ReplyWriterTest() {
        std::array<int, 2> fds{};
        if (::pipe2(fds.data(), O_CLOEXEC) != 0) throw system_error(errno, "pipe");
        reader_.reset(fds[0]);
        write_end_.reset(fds[1]);
    }

    // The dispatcher's event loop makes the driver's pipe so.
    void make_nonblocking() { ::fcntl(write_end_.get(), F_SETFL, O_WRONLY | O_NONBLOCK); }

    ReplyWriter& start() {
        writer_.emplace(std::move(write_end_), [this] {
            if (broken_++ == 0) first_break_.set_value(std::this_thread::get_id());
        });
        return *writer_;
    }

    // The next line, without its newline; nothing at the end.
    std::optional<std::string> next_line() {
        size_t newline = 0;
        while ((newline = input_.find('\n')) == std::string::npos)
            if (!read_some()) return std::nullopt;
        std::string line = input_.substr(0, newline);
        input_.erase(0, newline + 1);
        return line;
    }
    Lines next_lines(size_t count) {
        Lines lines;
        while (lines.size() < count) lines.push_back(next_line().value_or("(end)"));
        return lines;
    }
    // Everything up to the end: the writer must be gone, or go meanwhile.
    std::string rest() {
        while (read_some()) {
        }
        return std::exchange(input_, {});
    }
    bool read_some() {
        std::array<char, kPipeBytes> buffer{};
        const ssize_t got = ::read(reader_.get(), buffer.data(), buffer.size());
        if (got <= 0) return false;
        input_.append(buffer.data(), static_cast<size_t>(got));
        return true;
    }

    UniqueFd reader_;
    UniqueFd write_end_;
    std::string input_;
    std::atomic<int> broken_ = 0;
    std::promise<std::thread::id> first_break_;
    std::optional<ReplyWriter> writer_;  // the last member: its thread uses the others
};

Reply answer(ObjectId id, std::string info = "") {
    return {Action::monitor, true, id, std::move(info)};
}

TEST_F(ReplyWriterTest, WritesLinesInOrder) {
    ReplyWriter& writer = start();
    writer.init_answer();
    writer.release_logs();
    writer.reply({Action::import, true, 5, "QUJD"});
    writer.log(LogLevel::warning, 5, "app 5: hm\n");
    writer.reply({Action::remove, false, 5, "two\nlines"});
    EXPECT_THAT(next_lines(4), ElementsAre("INIT SUCCESS - -", "IMPORT SUCCESS 5 QUJD",
                                           "LOG W 5 app 5: hm", "DELETE FAILURE 5 two lines"));
}

TEST_F(ReplyWriterTest, LogsAreHeldUntilTheirRelease) {
    ReplyWriter& writer = start();
    writer.log(LogLevel::info, 0, "first");
    writer.init_answer();
    writer.log(LogLevel::info, 0, "second");
    writer.reply(answer(1, "QQ=="));
    EXPECT_THAT(next_lines(2), ElementsAre("INIT SUCCESS - -", "MONITOR SUCCESS 1 QQ=="));
    writer.release_logs();
    EXPECT_THAT(next_lines(2), ElementsAre("LOG I 0 first", "LOG I 0 second"));
    writer.log(LogLevel::info, 0, "third");  // and are held no more
    EXPECT_EQ(next_line(), "LOG I 0 third");
    writer.release_logs();  // nothing comes twice
    writer.reply(answer(2));
    EXPECT_EQ(next_line(), "MONITOR SUCCESS 2 -");
}

TEST_F(ReplyWriterTest, CloseWritesWhatWaitsAndHeldLogs) {
    ReplyWriter& writer = start();
    writer.log(LogLevel::error, 0, "held");
    writer.reply(answer(1));
    writer.close(kFailAfter);
    writer_.reset();
    EXPECT_EQ(rest(), "MONITOR SUCCESS 1 -\nLOG E 0 held\n");
    EXPECT_EQ(broken_, 0);
}

TEST_F(ReplyWriterTest, CloseWaitsForASlowReader) {
    make_nonblocking();
    ReplyWriter& writer = start();
    const std::string info(1 << 20, 'Q');
    for (ObjectId id = 0; id < 5; ++id) writer.reply(answer(id, info));
    std::future<std::string> all = std::async(std::launch::async, [this] { return rest(); });
    writer.close(kFailAfter);
    writer_.reset();
    std::string expected;
    for (ObjectId id = 0; id < 5; ++id) expected += format(answer(id, info));
    EXPECT_TRUE(all.get() == expected);
}

TEST_F(ReplyWriterTest, CloseIsNotNeeded) {
    start();
    writer_.reset();
    EXPECT_EQ(rest(), "");
}

TEST_F(ReplyWriterTest, NothingIsWrittenBehindClose) {
    ReplyWriter& writer = start();
    writer.close(milliseconds(0));
    writer.close(milliseconds(0));
    writer.reply(answer(1));
    writer.log(LogLevel::info, 0, "late");
    writer_.reset();
    EXPECT_EQ(rest(), "");
}

TEST_F(ReplyWriterTest, ABrokenPipeIsToldOnceFromTheWritersThread) {
    ReplyWriter& writer = start();
    writer.reply(answer(1));
    EXPECT_EQ(next_line(), "MONITOR SUCCESS 1 -");
    reader_.reset();
    for (ObjectId id = 2; id < 100; ++id) writer.reply(answer(id));
    EXPECT_NE(first_break_.get_future().get(), std::this_thread::get_id());
    for (ObjectId id = 100; id < 200; ++id) writer.reply(answer(id));
    writer.log(LogLevel::info, 0, "to nobody");
    writer.close(kFailAfter);
    EXPECT_EQ(broken_, 1);
}

TEST_F(ReplyWriterTest, AReaderThatGoesWhileALineIsWritten) {
    make_nonblocking();
    ReplyWriter& writer = start();
    writer.reply(answer(1, std::string(4 * kPipeBytes, 'Q')));
    ASSERT_TRUE(read_some());  // it has begun
    reader_.reset();
    first_break_.get_future().get();
    writer_.reset();
    EXPECT_EQ(broken_, 1);
}

TEST_F(ReplyWriterTest, AReaderThatDoesNotReadBlocksNobody) {
    ReplyWriter& writer = start();
    const std::string info(3 << 20, 'Q');
    for (ObjectId id = 0; id < 5; ++id) writer.reply(answer(id, info));  // returns
    for (ObjectId id = 0; id < 5; ++id) {
        const std::string line = next_line().value_or("(end)");
        ASSERT_TRUE(line + "\n" == format(answer(id, info))) << id;
    }
}

TEST_F(ReplyWriterTest, LogsPastTheLimitAreDroppedAnswersAreNot) {
    ReplyWriter& writer = start();
    writer.release_logs();
    const std::string info(ReplyWriter::kMaxWaitingBytes, 'Q');
    writer.reply(answer(1, info));
    writer.log(LogLevel::error, 0, "dropped");
    writer.reply(answer(2));
    EXPECT_TRUE(next_line() == "MONITOR SUCCESS 1 " + info);
    EXPECT_EQ(next_line(), "MONITOR SUCCESS 2 -");  // written once the first one counts no more
    writer.log(LogLevel::info, 0, "again");
    EXPECT_EQ(next_line(), "LOG I 0 again");
}

TEST_F(ReplyWriterTest, LogsNobodyReadsTakeBoundedMemory) {
    ReplyWriter& writer = start();
    const std::string text(4096, 'x');
    for (int i = 0; i < 2000; ++i) writer.log(LogLevel::info, 0, text);  // held
    writer.release_logs();
    for (int i = 0; i < 2000; ++i) writer.log(LogLevel::info, 0, text);
    writer.reply(answer(1));
    size_t bytes = 0;
    std::optional<std::string> line;
    for (line = next_line(); line && line->starts_with("LOG"); line = next_line())
        bytes += line->size();
    EXPECT_EQ(line, "MONITOR SUCCESS 1 -");
    EXPECT_GT(bytes, ReplyWriter::kMaxWaitingBytes / 2);
    EXPECT_LE(bytes, ReplyWriter::kMaxWaitingBytes + 2 * kPipeBytes);
}

// Closes in another thread, so that a close() that never returns fails the test and no more.
void expect_close_gives_up(ReplyWriter& writer, int reader) {
    const auto begin = std::chrono::steady_clock::now();
    std::future<void> closed =
        std::async(std::launch::async, [&] { writer.close(milliseconds(20)); });
    EXPECT_TRUE(closed.wait_for(seconds(5)) == std::future_status::ready) << "it still waits";
    EXPECT_GE(std::chrono::steady_clock::now() - begin, milliseconds(20));
    // Lets it go all the same.
    ::fcntl(reader, F_SETFL, O_RDONLY | O_NONBLOCK);
    std::array<char, kPipeBytes> buffer{};
    while (closed.wait_for(seconds(0)) != std::future_status::ready)
        (void)::read(reader, buffer.data(), buffer.size());
}

TEST_F(ReplyWriterTest, CloseGivesUpAfterItsPatience) {
    make_nonblocking();
    ReplyWriter& writer = start();
    writer.reply(answer(1, std::string(4 * kPipeBytes, 'Q')));
    expect_close_gives_up(writer, reader_.get());
}

// The pipe may come as oned made it: the writer does not ask for more.
TEST_F(ReplyWriterTest, CloseGivesUpOnABlockingPipeToo) {
    ReplyWriter& writer = start();
    writer.reply(answer(1, std::string(4 * kPipeBytes, 'Q')));
    expect_close_gives_up(writer, reader_.get());
}

TEST_F(ReplyWriterTest, LinesOfManyThreadsStayWhole) {
    constexpr int kThreads = 4, kLines = 200;
    ReplyWriter& writer = start();
    writer.release_logs();
    std::vector<std::thread> threads;
    std::latch all(kThreads);
    for (int thread = 0; thread < kThreads; ++thread) {
        threads.emplace_back([&writer, &all, thread] {
            all.arrive_and_wait();
            for (int i = 0; i < kLines; ++i) {
                const auto size = static_cast<size_t>(i * 37 % 9000);
                writer.reply(answer(thread * kLines + i, std::string(size, 'Q')));
                if (i % 10 == 0) writer.log(LogLevel::debug, thread, "here");
            }
        });
    }
    std::vector<bool> seen(kThreads * kLines);
    int logs = 0;
    for (int i = 0; i < kThreads * kLines + kThreads * kLines / 10; ++i) {
        const std::string line = next_line().value_or("(end)");
        if (line.ends_with(" here")) {
            ++logs;
            continue;
        }
        ASSERT_TRUE(line.starts_with("MONITOR SUCCESS ")) << line;
        const auto id = static_cast<size_t>(std::stoi(line.substr(16)));
        const size_t size = id % kLines * 37 % 9000;
        ASSERT_TRUE(line + "\n" ==
                    format(answer(static_cast<ObjectId>(id), std::string(size, 'Q'))));
        seen.at(id) = true;
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(logs, kThreads * kLines / 10);
    EXPECT_EQ(std::count(seen.begin(), seen.end(), false), 0);
}

TEST_F(ReplyWriterTest, LateRepliesWaitUntilOnedSpeaks) {
    ReplyWriter& writer = start();
    std::atomic<int> written = 0;
    writer.late_reply({Action::import, false, 5, "late"}, [&] { ++written; });
    writer.reply({Action::monitor, false, 100, "now"});
    EXPECT_EQ(next_line(), "MONITOR FAILURE 100 now");
    EXPECT_EQ(written, 0);
    writer.release_late_replies();
    EXPECT_EQ(next_line(), "IMPORT FAILURE 5 late");
    writer.late_reply({Action::import, false, 6, "at once"}, {});
    EXPECT_EQ(next_line(), "IMPORT FAILURE 6 at once");
    writer.close(seconds(1));
    EXPECT_EQ(written, 1);
}

TEST_F(ReplyWriterTest, LateRepliesThatAreWithdrawnAreNotWritten) {
    ReplyWriter& writer = start();
    std::vector<int> withdrawn;
    for (const int app : {5, 6, 5})
        writer.late_reply({Action::import, false, app, "late"}, {},
                          [&, app] { withdrawn.push_back(app); });
    writer.withdraw_late_replies(5);
    EXPECT_THAT(withdrawn, ElementsAre(5, 5));
    writer.release_late_replies();
    EXPECT_EQ(next_line(), "IMPORT FAILURE 6 late");
    writer.close(seconds(1));
    writer_.reset();
    EXPECT_EQ(rest(), "");
}

// Held back to the end they are not written, and nobody is told that they were.
TEST_F(ReplyWriterTest, LateRepliesNobodyAskedForAreNotWritten) {
    ReplyWriter& writer = start();
    bool written = false;
    writer.late_reply({Action::import, false, 5, "late"}, [&] { written = true; });
    writer.close(seconds(1));
    writer_.reset();
    EXPECT_EQ(rest(), "");
    EXPECT_FALSE(written);
}

// What is in the pipe dies with oned.
TEST_F(ReplyWriterTest, TakenIsCalledWhenAllOfItIsRead) {
    ReplyWriter& writer = start();
    std::promise<void> taken;
    const std::string large(4 * kPipeBytes, 'x');
    writer.reply({Action::import, true, 5, large}, [&] { taken.set_value(); });
    auto done = taken.get_future();
    EXPECT_EQ(done.wait_for(milliseconds(50)), std::future_status::timeout);
    EXPECT_EQ(next_line()->size(), large.size() + std::string("IMPORT SUCCESS 5 ").size());
    EXPECT_EQ(done.wait_for(kFailAfter), std::future_status::ready);
}

TEST_F(ReplyWriterTest, TakenIsCalledForWhatIsReadAndNoMore) {
    ReplyWriter& writer = start();
    std::promise<void> first, second;
    writer.reply({Action::import, true, 5, "QUJD"}, [&] { first.set_value(); });
    writer.reply({Action::import, true, 6, "QUJD"}, [&] { second.set_value(); });
    auto first_taken = first.get_future(), second_taken = second.get_future();
    EXPECT_EQ(first_taken.wait_for(milliseconds(50)), std::future_status::timeout);
    const std::string line = "IMPORT SUCCESS 5 QUJD\n";
    std::string got(line.size() + 5, 0);  // and a little of the second
    ASSERT_EQ(::read(reader_.get(), got.data(), got.size()), static_cast<ssize_t>(got.size()));
    EXPECT_EQ(first_taken.wait_for(kFailAfter), std::future_status::ready);
    EXPECT_EQ(second_taken.wait_for(milliseconds(50)), std::future_status::timeout);
    EXPECT_EQ(next_line(), "T SUCCESS 6 QUJD");
    EXPECT_EQ(second_taken.wait_for(kFailAfter), std::future_status::ready);
}

TEST_F(ReplyWriterTest, CloseWaitsUntilItIsTaken) {
    ReplyWriter& writer = start();
    std::atomic<bool> taken = false;
    writer.reply({Action::import, false, 5, "x"}, [&] { taken = true; });
    auto closed = std::async(std::launch::async, [&] { writer.close(kFailAfter); });
    EXPECT_EQ(closed.wait_for(milliseconds(50)), std::future_status::timeout);
    EXPECT_EQ(next_line(), "IMPORT FAILURE 5 x");
    closed.get();
    EXPECT_TRUE(taken);
}

TEST_F(ReplyWriterTest, WhatOnedDiesWithoutReadingIsNotTaken) {
    ReplyWriter& writer = start();
    bool taken = false;
    writer.reply({Action::import, false, 5, "x"}, [&] { taken = true; });
    pollfd readable{reader_.get(), POLLIN, 0};
    ASSERT_EQ(::poll(&readable, 1, 10'000), 1);
    reader_.reset();
    writer.close(kFailAfter);  // and does not wait for anybody
    writer_.reset();
    EXPECT_FALSE(taken);
}

TEST_F(ReplyWriterTest, AFileTakesWhatIsWritten) {
    write_end_.reset(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    std::promise<void> taken;
    start().reply({Action::import, false, 5, "x"}, [&] { taken.set_value(); });
    EXPECT_EQ(taken.get_future().wait_for(kFailAfter), std::future_status::ready);
}

TEST_F(ReplyWriterTest, TakenIsNotCalledWhenNobodyReads) {
    ReplyWriter& writer = start();
    reader_.reset();
    bool taken = false;
    writer.reply({Action::import, false, 5, "x"}, [&] { taken = true; });
    writer.close(seconds(1));
    writer_.reset();
    EXPECT_FALSE(taken);
}

}  // namespace
}  // namespace onemarket
