// SPDX-License-Identifier: Apache-2.0
#include "backends/io/http_reader.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>

#include "backends/io/http_status.h"
#include "backends/io/random.h"
#include "protocol/ascii.h"
#include "protocol/reply.h"

namespace onemarket {
namespace {

// So much between two breaks, and the second counts as a first one.
constexpr uint64_t kGoodRun = uint64_t{1} << 20;

// A document may change twice within the second its date tells; a minute later it is another date,
// clocks of several servers behind one name included (RFC 9110, 8.8.2.2).
constexpr int64_t kSettledSeconds = 60;
// What a file may have; beyond, sums would not fit.
constexpr uint64_t kMostBytes = std::numeric_limits<int64_t>::max();

// Of a document's length; nothing for one that cannot be.
std::optional<uint64_t> parse_size(std::string_view text) {
    const auto size = ascii::parse_number<uint64_t>(text);
    return size && *size <= kMostBytes ? size : std::nullopt;
}

// The numbers of `bytes <first>-<last>/<size or *>`.
struct ContentRange {
    uint64_t first = 0, last = 0;
    std::optional<uint64_t> size;
};

std::optional<ContentRange> parse_content_range(std::string_view text) {
    constexpr std::string_view unit = "bytes ";
    const size_t dash = text.find('-');
    const size_t slash = text.find('/');
    if (!text.starts_with(unit) || dash == std::string_view::npos ||
        slash == std::string_view::npos || slash < dash)
        return std::nullopt;
    const auto first =
        ascii::parse_number<uint64_t>(ascii::trim(text.substr(unit.size(), dash - unit.size())));
    const auto last = ascii::parse_number<uint64_t>(text.substr(dash + 1, slash - dash - 1));
    if (!first || !last) return std::nullopt;
    return ContentRange{*first, *last, parse_size(text.substr(slash + 1))};
}

// How often "chunked" stands among the codings it was sent with.
size_t times_chunked(const HttpResponse& head) {
    size_t times = 0;
    for (const auto& [name, value] : head.headers) {
        if (name != "transfer-encoding") continue;
        for (const std::string_view coding : ascii::split(value, ", \t"))
            if (ascii::iequals(coding, "chunked")) ++times;
    }
    return times;
}

std::optional<uint64_t> content_length(const HttpResponse& head) {
    return parse_size(head.header("content-length"));
}

// Whether its date of change tells it from any other version: it was long ago when it was given.
bool is_settled(const HttpResponse& head) {
    using std::chrono::system_clock;
    const auto changed = date_in(head, "last-modified");
    const auto given = date_in(head, "date");
    return changed && *changed + kSettledSeconds <=
                          given.value_or(system_clock::to_time_t(system_clock::now()));
}

}  // namespace

HttpVersion HttpVersion::of(const HttpResponse& head) {
    HttpVersion version;
    if (head.status == 206) {
        if (const auto range = parse_content_range(head.header("content-range")))
            version.size = range->size;
    } else {
        version.size = content_length(head);
    }
    version.tag = head.header("etag");
    version.weak = version.tag.starts_with("W/");
    if (version.weak) version.tag.erase(0, 2);
    version.last_modified = head.header("last-modified");
    version.settled = is_settled(head);
    return version;
}

HttpHeaders HttpVersion::condition() const {
    if (!tag.empty() && !weak) return {{"if-match", tag}};
    if (settled) return {{"if-unmodified-since", last_modified}};
    return {};
}

bool HttpVersion::is_confirmed_by(const HttpVersion& now) const {
    if (tag.empty() || weak ? now.last_modified != last_modified : now.weak || now.tag != tag)
        return false;
    const auto same = [](const std::string& before, const std::string& after) {
        return before.empty() || after.empty() || before == after;
    };
    return same(tag, now.tag) && same(last_modified, now.last_modified);
}

HttpReader::HttpReader(std::string name, Open open, const RetryPolicy& policy, Context& context,
                       std::unique_ptr<HttpStream> stream)
    : name_(std::move(name)), open_(std::move(open)), policy_(policy), stream_(std::move(stream)) {
    if (stream_ == nullptr) stream_ = open_({}, context);
    const HttpResponse& head = stream_->head();
    if (head.status != 200) fail(ErrorKind::corrupt, "a part of it came where all was asked for");
    version_ = HttpVersion::of(head);
    const size_t chunks = times_chunked(head);
    if (chunks > 1) fail(ErrorKind::unsupported, "it is in chunks of chunks");
    if (!version_.size && chunks == 0)
        fail(ErrorKind::unsupported,
             "the server says neither how long it is nor where it ends, so that an image that is "
             "cut off could not be told from a whole one");
    const std::string_view coding = head.header("content-encoding");
    if (!coding.empty() && !ascii::iequals(coding, "identity"))
        context.log().log(LogLevel::warning, name_ + ": the server says it is " +
                                                 one_line(coding, 100) +
                                                 ", as nobody asked for; it is taken as it comes");
}

HttpReader::HttpReader(std::string name, Open open, const RetryPolicy& policy, HttpVersion version,
                       uint64_t first, uint64_t end, Context& context)
    : name_(std::move(name)),
      open_(std::move(open)),
      policy_(policy),
      version_(std::move(version)),
      end_(end),
      offset_(first),
      last_break_(first) {
    ask_for_rest(context);
    check_rest();
}

Piece HttpReader::read(std::span<std::byte> buffer, Context& context) {
    while (true) {
        try {
            if (end_ && offset_ == *end_) {
                keep_connection();
                return {};
            }
            size_t room = buffer.size();
            if (to_skip_ > 0)
                room = std::min<uint64_t>(to_skip_, room);
            else if (end_)  // of a whole document more may come
                room = std::min<uint64_t>(*end_ - offset_, room);
            const size_t got = stream_->read(buffer.first(room));
            if (got > 0 && to_skip_ > 0) {
                to_skip_ -= got;
                continue;
            }
            offset_ += got;
            if (got == 0 && to_skip_ > 0)
                fail(ErrorKind::corrupt, "it became shorter while it was read, " + progress());
            const auto& end = end_ ? end_ : version_.size;
            if (end && (offset_ > *end || (got == 0 && offset_ < *end)))
                fail(ErrorKind::corrupt, "another length than was said, " + progress());
            return {got, false};
        } catch (const HttpFault& fault) {
            if (!fault.transient()) fail(fault.kind(), fault.reason() + " " + progress());
            resume(fault.reason() + " " + progress(), context);
        }
    }
}

// The next part comes over the same one if it was seen that this one is at its end.
void HttpReader::keep_connection() {
    if (stream_ == nullptr) return;
    std::array<std::byte, 1> more;
    try {
        if (stream_->head().status == 206 && stream_->read(more) > 0)
            fail(ErrorKind::corrupt, "another length than was said, " + progress());
    } catch (const HttpFault&) {
        // All that was asked for is here.
    }
    stream_.reset();
}

void HttpReader::resume(const std::string& reason, Context& context) {
    stream_.reset();
    if (version_.condition().empty())
        fail(ErrorKind::unavailable, reason +
                                         "; it cannot be taken up again, since the server does not "
                                         "say for certain which version it is (ETag, or a "
                                         "Last-Modified of more than a minute ago)");
    if (offset_ >= last_break_ + kGoodRun) backoff_ = Backoff(policy_);
    last_break_ = offset_;
    const auto wait = backoff_.next({}, random_fraction());
    if (!wait || !pause(*wait, context)) fail(ErrorKind::unavailable, reason);
    context.log().log(LogLevel::debug, name_ + ": " + reason + "; going on there");
    try {
        ask_for_rest(context);
    } catch (const Error& error) {
        // It was there: that it is not any more is what has to be known, beside the break.
        if (error.kind() != ErrorKind::not_found && error.kind() != ErrorKind::unavailable) throw;
        fail(ErrorKind::unavailable, reason + "; " + error.what());
    }
    check_rest();
}

void HttpReader::ask_for_rest(Context& context) {
    HttpHeaders headers = version_.condition();
    headers.emplace_back("range", "bytes=" + std::to_string(offset_) + "-" +
                                      (end_ ? std::to_string(*end_ - 1) : std::string()));
    stream_ = open_(headers, context);
}

// The answer must be the rest of what was begun, or all of it once more.
void HttpReader::check_rest() {
    const HttpResponse& head = stream_->head();
    const HttpVersion now = HttpVersion::of(head);
    if (!version_.is_confirmed_by(now)) fail(ErrorKind::corrupt, "it changed while it was read");
    to_skip_ = 0;
    if (head.status == 200) {  // a server without ranges
        to_skip_ = offset_;
        if (version_.size && now.size.value_or(*version_.size) != *version_.size)
            fail(ErrorKind::corrupt, "it changed its length while it was read");
        return;
    }
    const auto range = parse_content_range(head.header("content-range"));
    if (!range || range->first != offset_ || range->last < range->first)
        fail(ErrorKind::corrupt, "another part of it came than was asked for");
    if (!version_.size) version_.size = range->size;
    const auto& end = end_ ? end_ : version_.size;
    if (!end || (range->size && *range->size != *version_.size) || range->last != *end - 1)
        fail(ErrorKind::corrupt, "it changed its length while it was read");
}

void HttpReader::fail(ErrorKind kind, const std::string& reason) const {
    throw Error(kind, name_ + ": " + reason);
}

std::string HttpReader::progress() const {
    return "after " + std::to_string(offset_) +
           (version_.size ? " of " + std::to_string(*version_.size) : std::string()) + " bytes";
}

}  // namespace onemarket
