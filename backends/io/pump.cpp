// SPDX-License-Identifier: Apache-2.0
#include "backends/io/pump.h"

#include <array>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace onemarket {
namespace {

// Small enough that a buffer is still in the processor's cache when the hash gets to it, and
// enough of them that a write that stalls for a moment does not leave the hash without work.
constexpr size_t kBufferBytes = size_t{64} << 10;
constexpr size_t kBuffers = 128;

// The hash is what takes time: the reader mostly sleeps until there is room. It is woken for this
// many buffers at a time, since waking a thread for each costs more than filling it.
constexpr size_t kRoom = kBuffers / 4;

// Hashes buffers in a thread of its own, in the order they come.
class HashThread {
  public:
    explicit HashThread(Digest& digest)
        : digest_(digest), buffers_(kBuffers), thread_([this] { run(); }) {
        for (auto& buffer : buffers_) free_.push_back(&buffer);
    }

    // Without finish(): what is not hashed yet never will be.
    ~HashThread() {
        {
            const std::lock_guard lock(mutex_);
            work_.clear();
        }
        close();
    }

    using Buffer = std::vector<std::byte>;

    // A buffer nobody uses, of kBufferBytes; waits for the hash to give one back.
    Buffer* take() {
        std::unique_lock lock(mutex_);
        room_.wait(lock, [this] { return !free_.empty() || error_; });
        if (error_) std::rethrow_exception(error_);
        Buffer* buffer = free_.front();
        free_.pop_front();
        lock.unlock();
        if (buffer->empty()) buffer->resize(kBufferBytes);  // memory only for buffers in use
        return buffer;
    }

    void give_back(Buffer* buffer) {
        const std::lock_guard lock(mutex_);
        free_.push_front(buffer);
    }

    // Hashes the front of the buffer, then frees it; `buffer` null: that many zeros. Waits while
    // there is more to hash than there are buffers.
    void hash(Buffer* buffer, uint64_t size) {
        std::unique_lock lock(mutex_);
        room_.wait(lock, [this] { return work_.size() < kBuffers || error_; });
        if (error_) std::rethrow_exception(error_);
        work_.push_back({buffer, size});
        if (work_.size() == 1) work_ready_.notify_one();
    }

    // Waits until all is hashed; throws what the hash threw.
    void finish() {
        close();
        if (error_) std::rethrow_exception(error_);
    }

  private:
    struct Work {
        Buffer* buffer;
        uint64_t size;
    };

    void close() {
        if (!thread_.joinable()) return;
        {
            const std::lock_guard lock(mutex_);
            closed_ = true;
            work_ready_.notify_one();
        }
        thread_.join();
    }

    void run() {
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
            if (work.buffer != nullptr) free_.push_front(work.buffer);  // the warmest first
            if (free_.size() == kRoom || work_.size() == kBuffers - kRoom || error_)
                room_.notify_one();
        }
    }

    Digest& digest_;
    std::mutex mutex_;
    std::condition_variable work_ready_;  // for the hash
    std::condition_variable room_;        // for the reader
    std::deque<Work> work_;
    std::vector<Buffer> buffers_;
    std::deque<Buffer*> free_;
    std::exception_ptr error_;
    bool closed_ = false;
    std::thread thread_;
};

// A hole is hashed in steps, so that a cancel does not wait for a terabyte of zeros.
constexpr uint64_t kHoleStep = uint64_t{4} << 20;

void hash_hole(HashThread& hash, Digest* beside, uint64_t size, Context& context) {
    while (size > 0) {
        const uint64_t step = std::min(size, kHoleStep);
        hash.hash(nullptr, step);
        if (beside != nullptr) beside->update_zeros(step);
        size -= step;
        context.check();
        context.progress();
    }
}

}  // namespace

uint64_t pump(Reader& from, Sink& to, Digest& digest, Context& context, Digest* beside) {
    HashThread hash(digest);
    uint64_t total = 0;
    while (true) {
        context.check();
        HashThread::Buffer* buffer = hash.take();
        const Piece piece = from.read(*buffer, context);
        if (piece.size == 0) break;
        if (piece.hole) {
            to.skip(piece.size);
            hash.give_back(buffer);
            hash_hole(hash, beside, piece.size, context);
        } else {
            const std::span<const std::byte> bytes = std::span(*buffer).first(piece.size);
            to.write(bytes);
            // Before the other thread has the buffer, which is in this one's cache.
            if (beside != nullptr) beside->update(bytes);
            hash.hash(buffer, piece.size);
        }
        total += piece.size;
        context.progress();
    }
    hash.finish();
    return total;
}

std::string md5_of(Reader& from, Context& context) {
    Digest md5("MD5");
    NullSink nowhere;
    pump(from, nowhere, md5, context);
    return md5.finish();
}

}  // namespace onemarket
