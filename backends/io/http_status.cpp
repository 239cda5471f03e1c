// SPDX-License-Identifier: Apache-2.0
#include "backends/io/http_status.h"

#include <algorithm>
#include <ctime>

#include "backends/io/url.h"
#include "protocol/ascii.h"
#include "protocol/reply.h"

namespace onemarket {
namespace {

constexpr size_t kMaxReasonPhrase = 80;  // bytes of the server's words for a status
constexpr int64_t kLongestWait = 86'400;

}  // namespace

bool is_redirection(int status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool is_transient(int status) {
    return status == 408 || status == 429 ||
           (status >= 500 && status != 501 && status != 505 && status != 507);
}

std::string status_in_words(const HttpResponse& response) {
    const std::string words = one_line(response.reason, kMaxReasonPhrase);
    return "HTTP " + std::to_string(response.status) + (words.empty() ? "" : " " + words) +
           (response.status == 407 ? " (that is the proxy's)" : "");
}

ErrorKind kind_of_status(int status) {
    switch (status) {
        case 401:
        case 403:
        case 407:
            return ErrorKind::permission;
        case 404:
        case 410:
            return ErrorKind::not_found;
        case 400:
        case 416:
            return ErrorKind::bad_request;
        case 405:
        case 501:
            return ErrorKind::unsupported;
        default:
            return ErrorKind::unavailable;
    }
}

Result<std::string> redirected_to(const std::string& url, const HttpResponse& response) {
    const auto fail = [&](const std::string& reason) {
        return Result<std::string>::failure(status_in_words(response) + ": " + reason);
    };
    const std::string_view location = response.header("location");
    if (location.empty()) return fail("without a location");
    Result<std::string> next = resolve_location(url, location);
    if (!next) return fail("its location " + next.reason());
    if (url.starts_with("https:") && !next->starts_with("https:"))
        return fail("leads from https to " + std::string(without_query(*next)) +
                    ", which is not followed");
    return next;
}

std::optional<int64_t> date_in(const HttpResponse& response, std::string_view header) {
    std::tm utc{};
    const std::string text(response.header(header));
    if (::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S", &utc) == nullptr) return std::nullopt;
    return ::timegm(&utc);
}

std::chrono::seconds retry_after(const HttpResponse& response,
                                 std::chrono::system_clock::time_point now) {
    auto seconds = ascii::parse_number<int64_t>(response.header("retry-after")).value_or(0);
    if (const auto date = date_in(response, "retry-after"))
        seconds = *date - std::chrono::system_clock::to_time_t(now);
    return std::chrono::seconds(std::clamp<int64_t>(seconds, 0, kLongestWait));
}

}  // namespace onemarket
