// SPDX-License-Identifier: Apache-2.0
// A digest computed beside the work that brings the bytes.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "backends/context.h"
#include "backends/io/digest.h"

namespace onemarket {

// Hashes buffers in a thread of its own, in the order they come. All functions are for one thread,
// the one that fills the buffers. 8 MiB, of which only those are taken that are in use.
class HashThread {
  public:
    // `digest` must outlive this, and is nobody else's until finish().
    explicit HashThread(Digest& digest);
    // Without finish(): what is not hashed yet never will be.
    ~HashThread();
    HashThread(const HashThread&) = delete;
    HashThread& operator=(const HashThread&) = delete;

    // Small enough that a buffer is still in the processor's cache when the hash gets to it.
    static constexpr size_t kBufferBytes = size_t{64} << 10;
    using Buffer = std::vector<std::byte>;

    // A buffer nobody uses, of kBufferBytes; waits for the hash to give one back.
    Buffer* take();
    void give_back(Buffer* buffer);

    // Hashes the front of the buffer, then frees it. Waits while there is more to hash than there
    // are buffers.
    void hash(Buffer* buffer, uint64_t size);
    // Hashes that many zeros, and gives them to `beside`, if there is one, in steps: the context is
    // asked between them.
    void hash_hole(uint64_t size, Digest* beside, Context& context);

    // Waits until all is hashed. This and the others throw what the hash threw.
    void finish();

  private:
    struct Work {
        Buffer* buffer;  // null: zeros
        uint64_t size;
    };

    void close();
    void run();

    Digest& digest_;
    std::mutex mutex_;
    std::condition_variable work_ready_;  // for the hash
    std::condition_variable room_;        // for the reader
    std::deque<Work> work_;
    std::vector<Buffer> buffers_;
    std::vector<Buffer*> free_;  // has room for all; the last one is the warmest
    std::exception_ptr error_;
    bool closed_ = false;
    std::thread thread_;
};

}  // namespace onemarket
