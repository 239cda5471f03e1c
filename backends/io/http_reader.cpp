// SPDX-License-Identifier: Apache-2.0
#include "backends/io/http_reader.h"

#include <algorithm>

#include "backends/io/random.h"
#include "protocol/ascii.h"

namespace onemarket {
namespace {

// So much between two breaks, and the second counts as a first one.
constexpr uint64_t kGoodRun = uint64_t{1} << 20;

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
    return ContentRange{*first, *last, ascii::parse_number<uint64_t>(text.substr(slash + 1))};
}

std::optional<uint64_t> content_length(const HttpResponse& head) {
    return ascii::parse_number<uint64_t>(head.header("content-length"));
}

}  // namespace

HttpReader::HttpReader(std::string name, Open open, const RetryPolicy& policy, Context& context)
    : name_(std::move(name)), open_(std::move(open)), policy_(policy), stream_(open_({}, context)) {
    const HttpResponse& head = stream_->head();
    if (head.status != 200) fail(ErrorKind::corrupt, "a part of it came where all was asked for");
    size_ = content_length(head);
    const bool chunked = head.header("transfer-encoding").find("chunked") != std::string_view::npos;
    if (!size_ && !chunked)
        fail(ErrorKind::unsupported,
             "the server says neither how long it is nor where it ends, so that an image that is "
             "cut off could not be told from a whole one");
    etag_ = head.header("etag");
    // What a weak tag stands for may differ in its bytes.
    if (etag_.starts_with("W/")) etag_.clear();
    last_modified_ = head.header("last-modified");
}

Piece HttpReader::read(std::span<std::byte> buffer, Context& context) {
    while (true) {
        try {
            const size_t room =
                to_skip_ > 0 ? std::min<uint64_t>(to_skip_, buffer.size()) : buffer.size();
            const size_t got = stream_->read(buffer.first(room));
            if (got > 0 && to_skip_ > 0) {
                to_skip_ -= got;
                continue;
            }
            offset_ += got;
            if (got == 0 && to_skip_ > 0)
                fail(ErrorKind::corrupt, "it became shorter while it was read, " + progress());
            if (size_ && (offset_ > *size_ || (got == 0 && offset_ < *size_)))
                fail(ErrorKind::corrupt, "another length than was said, " + progress());
            return {got, false};
        } catch (const HttpFault& fault) {
            if (!fault.transient()) fail(fault.kind(), fault.reason() + " " + progress());
            resume(fault.reason() + " " + progress(), context);
        }
    }
}

void HttpReader::resume(const std::string& reason, Context& context) {
    stream_.reset();
    if (etag_.empty() && last_modified_.empty())
        fail(ErrorKind::unavailable, reason +
                                         "; it cannot be taken up again, since the server does not "
                                         "say which version it is (ETag, Last-Modified)");
    if (offset_ >= last_break_ + kGoodRun) backoff_ = Backoff(policy_);
    last_break_ = offset_;
    const auto wait = backoff_.next({}, random_fraction());
    if (!wait || !pause(*wait, context)) fail(ErrorKind::unavailable, reason);
    context.log().log(LogLevel::debug, name_ + ": " + reason + "; going on there");

    HttpHeaders headers{{"range", "bytes=" + std::to_string(offset_) + "-"}};
    if (!etag_.empty())
        headers.emplace_back("if-match", etag_);
    else
        headers.emplace_back("if-unmodified-since", last_modified_);
    try {
        stream_ = open_(headers, context);
    } catch (const Error& error) {
        // It was there: that it is not any more is what has to be known, beside the break.
        if (error.kind() != ErrorKind::not_found && error.kind() != ErrorKind::unavailable) throw;
        fail(ErrorKind::unavailable, reason + "; " + error.what());
    }
    check_rest();
}

// The answer must be the rest of what was begun, or all of it once more.
void HttpReader::check_rest() {
    const HttpResponse& head = stream_->head();
    if (!is_same_version(head)) fail(ErrorKind::corrupt, "it changed while it was read");
    to_skip_ = 0;
    if (head.status == 200) {  // a server without ranges
        to_skip_ = offset_;
        if (size_ && content_length(head).value_or(*size_) != *size_)
            fail(ErrorKind::corrupt, "it changed its length while it was read");
        return;
    }
    const auto range = parse_content_range(head.header("content-range"));
    if (!range || range->first != offset_)
        fail(ErrorKind::corrupt, "another part of it came than was asked for");
    if (!size_) size_ = range->size;
    if (!size_ || (range->size && *range->size != *size_) || range->last + 1 != *size_)
        fail(ErrorKind::corrupt, "it changed its length while it was read");
}

bool HttpReader::is_same_version(const HttpResponse& head) const {
    const auto same = [&](const std::string& before, std::string_view now) {
        return before.empty() || now.empty() || before == now;
    };
    return same(etag_, head.header("etag")) && same(last_modified_, head.header("last-modified"));
}

void HttpReader::fail(ErrorKind kind, const std::string& reason) const {
    throw Error(kind, name_ + ": " + reason);
}

std::string HttpReader::progress() const {
    return "after " + std::to_string(offset_) +
           (size_ ? " of " + std::to_string(*size_) : std::string()) + " bytes";
}

}  // namespace onemarket
