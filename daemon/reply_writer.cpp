// SPDX-License-Identifier: Apache-2.0
#include "daemon/reply_writer.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace onemarket {

namespace {

// How often it is looked what oned has taken: soon after a line, and where it does not read.
constexpr std::chrono::milliseconds kLookSoon{1};
constexpr std::chrono::milliseconds kLookLater{250};

bool is_pipe(int fd) {
    struct stat status {};
    return ::fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode);
}

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
      pipe_(is_pipe(fd_.get())),
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

void ReplyWriter::reply(Reply reply, Taken taken) {
    std::string line = format(std::move(reply));
    const std::lock_guard lock(mutex_);
    push({std::move(line), std::move(taken)});
}

void ReplyWriter::late_reply(Reply reply, Taken taken, std::function<void()> withdrawn,
                             const std::function<bool()>& is_void) {
    const ObjectId app = reply.id;
    Line line{format(std::move(reply)), std::move(taken)};
    {
        const std::lock_guard lock(mutex_);
        if (!is_void || !is_void()) {
            if (!holding_late_) return push(std::move(line));
            return late_replies_.push_back({app, std::move(line), std::move(withdrawn)});
        }
    }
    withdrawn();
}

void ReplyWriter::withdraw_late_replies(ObjectId app) {
    std::deque<LateReply> withdrawn;
    {
        const std::lock_guard lock(mutex_);
        const auto of_app = [app](const LateReply& late) { return late.app == app; };
        std::copy_if(late_replies_.begin(), late_replies_.end(), std::back_inserter(withdrawn),
                     of_app);
        std::erase_if(late_replies_, of_app);
    }
    for (const LateReply& late : withdrawn)
        if (late.withdrawn) late.withdrawn();
}

void ReplyWriter::release_late_replies() {
    const std::lock_guard lock(mutex_);
    holding_late_ = false;
    for (LateReply& late : late_replies_) push(std::move(late.line));
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
        wait(lock);
        if (lines_.empty()) return;
        Line line = std::move(lines_.front());
        lines_.pop_front();
        lock.unlock();
        const bool written = write_line(line.text);
        if (written && line.taken) untaken_.emplace_back(written_bytes_, std::move(line.taken));
        look_for_taken();
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

// For a line, or for the end. Meanwhile it is looked, less and less often, what oned has taken.
void ReplyWriter::wait(std::unique_lock<std::mutex>& lock) {
    std::chrono::milliseconds pause = kLookSoon;
    while (lines_.empty()) {
        if (untaken_.empty()) {
            if (closing_) return;
            changed_.wait(lock, [this] { return !lines_.empty() || closing_; });
            continue;
        }
        const auto until = std::min(std::chrono::steady_clock::now() + pause, give_up_);
        changed_.wait_until(lock, until, [this, closing = closing_] {
            return !lines_.empty() || closing_ != closing;
        });
        pause = closing_ ? kLookSoon : std::min(2 * pause, kLookLater);
        lock.unlock();
        look_for_taken();
        const bool abandoned = this->abandoned();
        lock.lock();
        if (closing_ && (abandoned || std::chrono::steady_clock::now() >= give_up_)) return;
    }
}

void ReplyWriter::look_for_taken() {
    int unread = 0;
    if (untaken_.empty() || (pipe_ && ::ioctl(fd_.get(), FIONREAD, &unread) != 0)) return;
    const uint64_t taken = written_bytes_ - std::min(written_bytes_, static_cast<uint64_t>(unread));
    while (!untaken_.empty() && untaken_.front().first <= taken) {
        untaken_.front().second();
        untaken_.pop_front();
    }
}

// Nobody reads the pipe any more.
bool ReplyWriter::abandoned() const {
    pollfd fd{fd_.get(), 0, 0};
    return ::poll(&fd, 1, 0) > 0 && (fd.revents & POLLERR) != 0;
}

bool ReplyWriter::write_line(const std::string& line) {
    std::string_view rest = line;
    while (!rest.empty()) {
        const ssize_t written = ::write(fd_.get(), rest.data(), rest.size());
        if (written >= 0) {
            rest.remove_prefix(static_cast<size_t>(written));
            written_bytes_ += static_cast<uint64_t>(written);
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
