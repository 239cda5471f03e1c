// SPDX-License-Identifier: Apache-2.0
// What surrounds one request while a backend works on it: who may stop it, until when, and where
// it logs.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backends/import_record.h"
#include "backends/transfer.h"
#include "protocol/reply.h"

namespace onemarket {

// The only way to log from a backend. error, warning and info also reach oned's log, so they are
// for what an administrator should see; debug goes to the driver's own log only. Thread-safe.
class RequestLog {
  public:
    virtual ~RequestLog() = default;
    virtual void log(LogLevel level, std::string_view text) = 0;
    // What must not be told, and does not stand in the request. Before anybody else uses the log.
    virtual void hide(const std::vector<std::string>& secrets) { (void)secrets; }
};

// How long a request may take.
struct TimeLimit {
    std::chrono::milliseconds span{0};  // 0: for ever
    bool idle_only = false;  // true: counts anew from each progress(), false: from the start
};

// One request's surroundings. check() and progress() are thread-safe.
class Context {
  public:
    using Clock = std::chrono::steady_clock;

    // `id`: the app (for a MONITOR the marketplace) the request is about.
    Context(ObjectId id, std::stop_token stop, TimeLimit limit, RequestLog& log);

    // A share of another's work, for a thread that helps with it: it ends when the whole does, and
    // when `stop` says so, which must be requested whenever the whole's is. Its progress is the
    // whole's. `whole` must outlive it.
    Context(Context& whole, std::stop_token stop);

    ObjectId id() const { return id_; }

    // Throws Error (cancelled or timeout) when the request should end. Call it between two steps
    // of work, at least every few hundred milliseconds. `awaited`: whose answer or bytes are waited
    // for, to be told where it is the time that is up.
    void check(std::string_view awaited = {}) const;

    // Something was done, and so many bytes of the image moved: an idle limit starts anew.
    void progress(uint64_t moved = 0);

    // Who watches is told through this. One that nobody looks at, unless watch() gave another,
    // which must outlive this.
    Transfer& transfer() const { return *transfer_; }
    void watch(Transfer& transfer) { transfer_ = &transfer; }

    // Starts the clock anew: for a request that waited its turn, which costs it nothing.
    void restart_clock();

    // True when it is idleness that ends the request, so that progress is worth looking for.
    bool watches_progress() const { return limit_.idle_only && limit_.span.count() > 0; }

    // When check() will throw, as things stand; nothing: never.
    std::optional<Clock::time_point> deadline() const;

    const std::stop_token& stop_token() const { return stop_; }
    RequestLog& log() const { return log_; }

    // What survives, of an import. One that ends with the process, unless keep_in() gave another.
    ImportRecord& record() const { return *record_; }
    void keep_in(std::shared_ptr<ImportRecord> record) { record_ = std::move(record); }
    void keep_as(const Context& other) { record_ = other.record_; }

  private:
    Context* whole_ = nullptr;
    ObjectId id_;
    std::stop_token stop_;
    TimeLimit limit_;
    RequestLog& log_;
    std::shared_ptr<ImportRecord> record_;
    Transfer unwatched_;
    Transfer* transfer_ = &unwatched_;
    std::atomic<Clock::time_point> start_;
    std::atomic<Clock::time_point> last_progress_;
};

}  // namespace onemarket
