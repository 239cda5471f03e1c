// SPDX-License-Identifier: Apache-2.0
// What the head of an HTTP answer says, for who asked for a document (RFC 9110).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "backends/io/http_client.h"
#include "protocol/error.h"

namespace onemarket {

inline constexpr int kMaxRedirects = 5;  // that are followed for one document

bool is_redirection(int status);

// True where the same request may be answered better another time.
bool is_transient(int status);

// `HTTP <status> <the server's words>`, short and in one line.
std::string status_in_words(const HttpResponse& response);

// What kind of failure a status is that is neither a success nor a redirection.
ErrorKind kind_of_status(int status);

// Where a redirection from `url` leads. Fails, with the status and what is wrong, on a location
// that is none, has credentials, or leads from https to http.
Result<std::string> redirected_to(const std::string& url, const HttpResponse& response);

// A header's date, in seconds of system time; nothing when it is none.
std::optional<int64_t> date_in(const HttpResponse& response, std::string_view header);

// What the server asks for before the next attempt: seconds, or the time that will be then.
std::chrono::seconds retry_after(const HttpResponse& response,
                                 std::chrono::system_clock::time_point now);

}  // namespace onemarket
