// SPDX-License-Identifier: Apache-2.0
#include "daemon/reply_writer.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace onemarket {

namespace {

// A write that would wait must come back, so that close() can give up. Only a pipe is made so: a
// terminal is shared with the shell that started us.
UniqueFd made_nonblocking(UniqueFd fd) {
    struct stat status {};
    const bool pipe =
        ::fstat(fd.get(), &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode));
    if (pipe) ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
    return fd;
}

}  // namespace

ReplyWriter::ReplyWriter(UniqueFd fd, std::function<void()> on_broken)
    : fd_(made_nonblocking(std::move(fd))),
      on_broken_(std::move(on_broken)),
      thread_([this] { run(); }) {}

ReplyWriter::~ReplyWriter() {
    close(std::chrono::milliseconds(0));
}

void ReplyWriter::release_logs() {
    const std::lock_guard lock(mutex_);
    holding_logs_ = false;
    for (std::string& line : held_logs_) push({std::move(line), {}});
    held_logs_.clear();
}

void ReplyWriter::init_answer() {
    const std::lock_guard lock(mutex_);
    push({std::string(onemarket::init_answer()), {}});
}

void ReplyWriter::reply(Reply reply, Written written) {
    std::string line = format(std::move(reply));
    const std::lock_guard lock(mutex_);
    push({std::move(line), std::move(written)});
}

void ReplyWriter::late_reply(Reply reply, Written written) {
    Line line{format(std::move(reply)), std::move(written)};
    const std::lock_guard lock(mutex_);
    if (holding_late_)
        late_replies_.push_back(std::move(line));
    else
        push(std::move(line));
}

void ReplyWriter::release_late_replies() {
    const std::lock_guard lock(mutex_);
    holding_late_ = false;
    for (Line& line : late_replies_) push(std::move(line));
    late_replies_.clear();
}

void ReplyWriter::log(LogLevel level, ObjectId id, std::string_view text) {
    std::string line = format_log(level, id, text);
    const std::lock_guard lock(mutex_);
    if (waiting_bytes_ + line.size() > kMaxWaitingBytes) return;
    if (holding_logs_) {
        constexpr size_t max_held = 1000;
        if (held_logs_.size() < max_held) held_logs_.push_back(std::move(line));
        return;
    }
    push({std::move(line), {}});
}

void ReplyWriter::push(Line line) {
    if (broken_) return;
    waiting_bytes_ += line.text.size();
    lines_.push_back(std::move(line));
    changed_.notify_one();
}

void ReplyWriter::close(std::chrono::milliseconds patience) {
    if (!thread_.joinable()) return;
    release_logs();
    {
        const std::lock_guard lock(mutex_);
        closing_ = true;
        give_up_ = std::chrono::steady_clock::now() + patience;
        changed_.notify_one();
    }
    thread_.join();
}

void ReplyWriter::run() {
    std::unique_lock lock(mutex_);
    while (true) {
        changed_.wait(lock, [this] { return !lines_.empty() || closing_; });
        if (lines_.empty()) return;
        const Line line = std::move(lines_.front());
        lines_.pop_front();
        lock.unlock();
        const bool written = write_line(line.text);
        if (written && line.written) line.written();
        lock.lock();
        waiting_bytes_ -= line.text.size();
        if (written) continue;
        broken_ = true;
        lines_.clear();
        waiting_bytes_ = 0;
        lock.unlock();
        on_broken_();
        return;
    }
}

bool ReplyWriter::write_line(const std::string& line) {
    std::string_view rest = line;
    while (!rest.empty()) {
        const ssize_t written = ::write(fd_.get(), rest.data(), rest.size());
        if (written >= 0) {
            rest.remove_prefix(static_cast<size_t>(written));
            continue;
        }
        if (errno == EINTR) continue;
        if (errno != EAGAIN) return false;  // EPIPE: oned is gone
        {
            const std::lock_guard lock(mutex_);
            if (std::chrono::steady_clock::now() >= give_up_) return false;
        }
        pollfd fd{fd_.get(), POLLOUT, 0};
        ::poll(&fd, 1, 100);
    }
    return true;
}

}  // namespace onemarket
