// SPDX-License-Identifier: Apache-2.0
// The only writer of oned's pipe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "backends/io/unique_fd.h"
#include "protocol/reply.h"

namespace onemarket {

// Writes whole lines, one after the other, from a thread of its own: nobody waits for oned to read,
// least of all the thread that reads from it. Answers wait without limit (there are no more of them
// than requests); log lines past kMaxWaitingBytes are dropped. All functions are thread-safe.
class ReplyWriter {
  public:
    static constexpr size_t kMaxWaitingBytes = size_t{4} << 20;

    // Takes the pipe. `on_broken` is called once, from the writer's thread, when nobody reads it
    // any more.
    ReplyWriter(UniqueFd fd, std::function<void()> on_broken);
    ~ReplyWriter();

    // oned's first read takes what it finds; log lines that share it would be lost. So they are
    // held back from the start until release_logs().
    void release_logs();

    void init_answer();
    // `taken` is called, by the writer's thread, when oned has read all of it: what is in the pipe
    // dies with oned. Where the output is no pipe, when it is written.
    using Taken = std::function<void()>;
    void reply(Reply reply, Taken taken = {});

    // An answer to what oned asked an earlier life of the driver: held back until oned, which may
    // be a follower now that drops it, has sent a request, that is until release_late_replies().
    // `withdrawn` is called, by the caller of withdraw_late_replies(), if that takes it back; by
    // this one, where it comes too late for that and `is_void` says so.
    void late_reply(Reply reply, Taken taken, std::function<void()> withdrawn = {},
                    const std::function<bool()>& is_void = {});
    // Those about this app that are held back are not written.
    void withdraw_late_replies(ObjectId app);
    void release_late_replies();
    void log(LogLevel level, ObjectId id, std::string_view text);

    // Writes what is waiting and lets oned take it, for at most `patience`, and ends the thread.
    // Held log lines are released first.
    void close(std::chrono::milliseconds patience);

  private:
    struct Line {
        std::string text;
        Taken taken;
    };
    void push(Line line);
    void run();
    void wait(std::unique_lock<std::mutex>& lock);
    void look_for_taken();
    bool abandoned() const;
    bool write_line(const std::string& line);

    UniqueFd fd_;
    const bool pipe_;  // it can be told what has been read
    std::function<void()> on_broken_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Line> lines_;
    std::deque<std::string> held_logs_;
    struct LateReply {
        ObjectId app;
        Line line;
        std::function<void()> withdrawn;
    };
    std::deque<LateReply> late_replies_;
    // Of the writer's thread: who waits until so many bytes, of all that were written, are read.
    std::deque<std::pair<uint64_t, Taken>> untaken_;
    uint64_t written_bytes_ = 0;
    size_t waiting_bytes_ = 0;
    bool holding_logs_ = true;
    bool holding_late_ = true;
    bool closing_ = false;
    bool broken_ = false;
    std::chrono::steady_clock::time_point give_up_ = std::chrono::steady_clock::time_point::max();
    std::thread thread_;
};

}  // namespace onemarket
