// SPDX-License-Identifier: Apache-2.0
#include "backends/io/http_parts.h"

#include <algorithm>
#include <chrono>
#include <new>

#include "backends/io/cleared_memory.h"

namespace onemarket {
namespace {

// One that is read, and one that is there before it is wanted, besides those that are fetched.
constexpr size_t kMoreParts = 2;
// How long a wait lasts before the context is asked again, and how often the reader looks whether
// there are connections enough.
constexpr std::chrono::milliseconds kLook{100};
// They are where it waits for less than this part of the time,
constexpr int kSeldom = 4;
// or reads so many parts in it: at 400 MB/s it is not the line that is waited for.
constexpr uint64_t kFast = 10;

constexpr int kWhole = 200;

// Whether it is the one byte that was asked for. Then it was read to its end, so that the
// connection can be used again; of what breaks or goes on another connection makes the best.
bool is_one_byte(HttpStream& stream) {
    try {
        return stream.whole().body.size() == 1;
    } catch (const HttpFault&) {
        return false;
    }
}

// Some servers take no ranges, or not this one: an empty document has no first byte.
bool refuses_ranges(const Error& error) {
    return error.kind() == ErrorKind::bad_request || error.kind() == ErrorKind::permission ||
           error.kind() == ErrorKind::unsupported;
}

// Asks for all of it where a part is refused.
HttpReader::Open at_least_whole(HttpReader::Open open) {
    return [open = std::move(open)](HttpHeaders headers, Context& context) {
        try {
            return open(headers, context);
        } catch (const Error& error) {
            const auto is_range = [](const auto& header) { return header.first == "range"; };
            if (!refuses_ranges(error) || std::erase_if(headers, is_range) == 0) throw;
            return open(headers, context);
        }
    };
}

}  // namespace

std::unique_ptr<Reader> open_http(const std::string& name, const HttpConnect& connect,
                                  const RetryPolicy& policy, size_t connections, Context& context) {
    HttpReader::Open open = connect(policy);
    std::unique_ptr<HttpStream> stream;
    if (connections > 1) {
        try {
            stream = open({{"range", "bytes=0-0"}}, context);
        } catch (const Error& error) {
            if (!refuses_ranges(error)) throw;
        }
    }
    if (stream && stream->head().status != kWhole) {
        HttpVersion version = HttpVersion::of(stream->head());
        const bool has_ranges = is_one_byte(*stream);
        stream.reset();
        if (has_ranges && version.size.value_or(0) > HttpParts::kPartBytes &&
            !version.condition().empty())
            return std::make_unique<HttpParts>(name, connect, policy, std::move(version),
                                               connections, context);
    }
    return std::make_unique<HttpReader>(name, std::move(open), policy, context, std::move(stream));
}

HttpParts::HttpParts(std::string name, HttpConnect connect, const RetryPolicy& policy,
                     HttpVersion version, size_t connections, Context& context)
    : name_(std::move(name)),
      connect_(std::move(connect)),
      policy_(policy),
      version_(std::move(version)),
      size_(version_.size.value_or(0)),
      count_((size_ + kPartBytes - 1) / kPartBytes),
      whole_(context),
      chain_(context.stop_token(), [this] { stop_.request_stop(); }),
      parts_(std::min<uint64_t>(connections + kMoreParts, count_)),
      most_(std::min<uint64_t>(connections, count_)),
      looked_(Clock::now()) {
    threads_.reserve(most_);  // one that has begun must have its place
    add_connection();
}

HttpParts::~HttpParts() {
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
    }
    room_.notify_all();
    stop_.request_stop();
    threads_.clear();  // waits for them
}

// With fewer than wanted it takes longer; with none it comes over the reader's own.
void HttpParts::add_connection() {
    const std::lock_guard lock(mutex_);
    if (closed_ || (left_.empty() && next_ == count_)) return;
    try {
        RetryPolicy policy = policy_;
        // A server that has enough of them would keep its part waiting.
        if (!threads_.empty()) policy.attempts = 1;
        threads_.push_back(cleared_thread([this, policy] { run(policy); }));
        ++connections_;
    } catch (const std::exception&) {  // no thread, or no memory for one
        if (threads_.empty()) closed_ = true;
    }
}

// A connection's thread.
void HttpParts::run(const RetryPolicy& policy) {
    try {
        fetch_parts(policy);
    } catch (...) {
        const std::lock_guard lock(mutex_);
        fail();
    }
}

// Throws what is not this connection's alone.
void HttpParts::fetch_parts(RetryPolicy policy) {
    std::optional<uint64_t> number;
    try {
        Context context(whole_, stop_.get_token());
        HttpReader::Open open = connect_(policy);
        while ((number = take())) {
            const bool is_part = fetch(*number, open, policy, context);
            {
                const std::lock_guard lock(mutex_);
                if (!is_part) return end_connections();
                part(*number).ready = true;
                if (*number == reading_) ready_.notify_one();
            }
            number.reset();
            if (policy.attempts != policy_.attempts) {  // the server has room for another
                policy = policy_;
                open = nullptr;  // before there are two of them
                open = connect_(policy);
            }
        }
        const std::lock_guard lock(mutex_);
        --connections_;
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::unavailable && !refuses_ranges(error)) throw;
        const std::lock_guard lock(mutex_);
        leave(number);
    } catch (const std::bad_alloc&) {
        const std::lock_guard lock(mutex_);
        leave(number);
    }
}

// The next part; nothing where there is none for this connection any more.
std::optional<uint64_t> HttpParts::take() {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [this] {
        return closed_ || !left_.empty() || next_ == count_ || next_ < reading_ + parts_.size();
    });
    if (closed_) return std::nullopt;
    if (!left_.empty()) return left_.extract(left_.begin()).value();
    if (next_ == count_) return std::nullopt;
    return next_++;
}

// With the mutex held, in a handler: the error is that of all.
void HttpParts::fail() {
    if (!closed_) error_ = std::current_exception();
    end_connections();
}

// With the mutex held, by a connection that ends. Its part is for the others.
void HttpParts::leave(std::optional<uint64_t> number) {
    if (number) left_.insert(*number);
    room_.notify_one();
    if (--connections_ == 0) end_connections();
}

// With the mutex held.
void HttpParts::end_connections() {
    closed_ = true;
    ready_.notify_one();
    room_.notify_all();
    stop_.request_stop();
}

// False where the server gives all of it: for each part, that would be the square of its length.
bool HttpParts::fetch(uint64_t number, const HttpReader::Open& open, const RetryPolicy& policy,
                      Context& context) {
    std::vector<std::byte>& bytes = part(number).bytes;
    const uint64_t first = number * kPartBytes;
    const uint64_t end = std::min(first + kPartBytes, size_);
    bytes.resize(end - first);
    HttpReader reader(name_, open, policy, version_, first, end, context);
    if (reader.starts_over()) return false;
    size_t filled = 0;
    while (const size_t got = reader.read(std::span(bytes).subspan(filled), context).size) {
        filled += got;
        context.progress();
    }
    return true;
}

// False where it will not come.
bool HttpParts::await_part(Context& context) {
    std::unique_lock lock(mutex_);
    while (!part(reading_).ready && !closed_) {
        const Clock::time_point began = Clock::now();
        ready_.wait_for(lock, kLook);
        waited_ += Clock::now() - began;
        lock.unlock();
        add_connection_if_slow();
        context.check(name_);
        lock.lock();
    }
    if (error_) std::rethrow_exception(error_);
    return part(reading_).ready;
}

void HttpParts::add_connection_if_slow() {
    const Clock::time_point now = Clock::now();
    if (now - looked_ < kLook) return;
    const bool is_slow = waited_ * kSeldom >= now - looked_ && reading_ < looked_at_ + kFast;
    if (is_slow && threads_.size() < most_) add_connection();
    looked_ = now;
    looked_at_ = reading_;
    waited_ = {};
}

Piece HttpParts::read(std::span<std::byte> buffer, Context& context) {
    if (rest_) return rest_->read(buffer, context);
    if (reading_ == count_) return {};
    Part& now = part(reading_);
    if (taken_ == 0 && !await_part(context)) {
        rest_ = std::make_unique<HttpReader>(name_, at_least_whole(connect_(policy_)), policy_,
                                             version_, reading_ * kPartBytes, size_, context);
        return rest_->read(buffer, context);
    }
    const size_t size = std::min(buffer.size(), now.bytes.size() - taken_);
    std::copy_n(now.bytes.begin() + static_cast<ptrdiff_t>(taken_), size, buffer.begin());
    taken_ += size;
    if (taken_ == now.bytes.size()) {
        const std::lock_guard lock(mutex_);
        now.ready = false;
        taken_ = 0;
        ++reading_;
        room_.notify_one();
    }
    return {size, false};
}

}  // namespace onemarket
