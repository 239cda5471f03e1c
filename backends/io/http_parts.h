// SPDX-License-Identifier: Apache-2.0
// A large document over several connections at a time, read in order.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "backends/io/http_reader.h"

namespace onemarket {

// Makes a connection of its own for each thread, which asks as often as that allows. Thread-safe.
using HttpConnect = std::function<HttpReader::Open(const RetryPolicy&)>;

// Opens a document: over up to so many connections where it is long, and the server knows ranges
// and says which version it gives; else, and for `connections` 0 or 1, over one. Each takes up
// again what broke, as HttpReader does. `context` must outlive the reader.
std::unique_ptr<Reader> open_http(const std::string& name, const HttpConnect& connect,
                                  const RetryPolicy& policy, size_t connections, Context& context);

// The bytes in order, while the parts that come next are fetched into memory: as many as there may
// be connections, and two more. It begins with one connection; others are added while its reader
// has to wait, since those that a fast server does not need only take the processor from the
// reader. A connection that cannot have its part, as where a server takes no more of them, leaves
// it to the others; one that was added does so at once, until it has had one. What none of them can
// have comes in one piece, over one, and so does what is left where the server gives all of it for
// a part. That it is another version, or gone, is a failure. Not thread-safe.
class HttpParts : public Reader {
  public:
    static constexpr uint64_t kPartBytes = uint64_t{4} << 20;

    // `version` has a size and a condition. At most so many connections.
    HttpParts(std::string name, HttpConnect connect, const RetryPolicy& policy, HttpVersion version,
              size_t connections, Context& context);
    ~HttpParts() override;

    Piece read(std::span<std::byte> buffer, Context& context) override;
    std::optional<uint64_t> length() const override { return size_; }

  private:
    using Clock = std::chrono::steady_clock;

    struct Part {
        std::vector<std::byte> bytes;
        bool ready = false;
    };

    void add_connection();
    void run(const RetryPolicy& policy);
    void fetch_parts(RetryPolicy policy);
    std::optional<uint64_t> take();
    void leave(std::optional<uint64_t> number);
    void fail();
    bool fetch(uint64_t number, const HttpReader::Open& open, const RetryPolicy& policy,
               Context& context);
    void end_connections();
    bool await_part(Context& context);
    void add_connection_if_slow();
    Part& part(uint64_t number) { return parts_[number % parts_.size()]; }

    std::string name_;
    HttpConnect connect_;
    RetryPolicy policy_;
    HttpVersion version_;
    uint64_t size_;   // bytes
    uint64_t count_;  // of parts

    Context& whole_;
    // Ends the connections: with the request, and with this.
    std::stop_source stop_;
    std::stop_callback<std::function<void()>> chain_;

    std::mutex mutex_;
    std::condition_variable ready_;  // for the reader
    std::condition_variable room_;   // for the connections
    std::vector<Part> parts_;        // a ring
    uint64_t next_ = 0;              // the first part nobody was given yet
    std::set<uint64_t> left_;        // before that: parts that were given back
    size_t connections_ = 0;         // those that go on
    uint64_t reading_ = 0;           // the part that is read now
    bool closed_ = false;
    std::exception_ptr error_;  // that closed it; null: it was something else

    size_t taken_ = 0;                   // bytes of the part that is read now
    std::unique_ptr<HttpReader> rest_;   // over one connection; null: parts go well
    size_t most_;                        // connections, those that ended too
    std::vector<std::jthread> threads_;  // of all of them
    Clock::time_point looked_;           // whether they are enough
    uint64_t looked_at_ = 0;             // the part that was read then
    Clock::duration waited_{};           // by the reader since then
};

}  // namespace onemarket
