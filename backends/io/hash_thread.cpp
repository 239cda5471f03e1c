// SPDX-License-Identifier: Apache-2.0
#include "backends/io/hash_thread.h"

#include <algorithm>
#include <span>

namespace onemarket {
namespace {

// Enough of them that a write that stalls for a moment does not leave the hash without work.
constexpr size_t kBuffers = 128;

// The hash is what takes time: the reader mostly sleeps until there is room. It is woken for this
// many buffers at a time, since waking a thread for each costs more than filling it.
constexpr size_t kRoom = kBuffers / 4;

// A hole is hashed in steps, so that a cancel does not wait for a terabyte of zeros.
constexpr uint64_t kHoleStep = uint64_t{4} << 20;

}  // namespace

// The thread is the last thing that can fail: nobody would wait for it.
HashThread::HashThread(Digest& digest) : digest_(digest), buffers_(kBuffers) {
    free_.reserve(kBuffers);
    for (auto& buffer : buffers_) free_.push_back(&buffer);
    thread_ = std::thread([this] { run(); });
}

HashThread::~HashThread() {
    {
        const std::lock_guard lock(mutex_);
        work_.clear();
    }
    close();
}

HashThread::Buffer* HashThread::take() {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [this] { return !free_.empty() || error_; });
    if (error_) std::rethrow_exception(error_);
    Buffer* buffer = free_.back();
    free_.pop_back();
    lock.unlock();
    if (buffer->empty()) buffer->resize(kBufferBytes);  // memory only for buffers in use
    return buffer;
}

void HashThread::give_back(Buffer* buffer) {
    const std::lock_guard lock(mutex_);
    free_.push_back(buffer);
}

void HashThread::hash(Buffer* buffer, uint64_t size) {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [this] { return work_.size() < kBuffers || error_; });
    if (error_) std::rethrow_exception(error_);
    work_.push_back({buffer, size});
    if (work_.size() == 1) work_ready_.notify_one();
}

void HashThread::hash_hole(uint64_t size, Digest* beside, Context& context) {
    while (size > 0) {
        const uint64_t step = std::min(size, kHoleStep);
        hash(nullptr, step);
        if (beside != nullptr) beside->update_zeros(step);
        size -= step;
        context.check();
        context.progress();
    }
}

void HashThread::finish() {
    close();
    if (error_) std::rethrow_exception(error_);
}

void HashThread::close() {
    if (!thread_.joinable()) return;
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
        work_ready_.notify_one();
    }
    thread_.join();
}

void HashThread::run() {
    std::unique_lock lock(mutex_);
    while (true) {
        work_ready_.wait(lock, [this] { return !work_.empty() || closed_; });
        if (work_.empty()) return;
        const Work work = work_.front();
        work_.pop_front();
        lock.unlock();
        std::exception_ptr error;
        try {
            if (work.buffer == nullptr)
                digest_.update_zeros(work.size);
            else
                digest_.update(std::span(*work.buffer).first(work.size));
        } catch (...) {
            error = std::current_exception();
        }
        lock.lock();
        if (error) error_ = error;
        if (work.buffer != nullptr) free_.push_back(work.buffer);
        if (free_.size() == kRoom || work_.size() == kBuffers - kRoom || error_) room_.notify_one();
    }
}

}  // namespace onemarket
