// SPDX-License-Identifier: Apache-2.0
#include "backends/discovery/endpoint.h"

#include <algorithm>

#include "backends/io/url.h"
#include "protocol/ascii.h"

namespace onemarket {
namespace {

constexpr std::string_view kPlain = "-._~:+,=@/";  // beside letters and digits

// An IPv6 address has its brackets, which are a pattern to a shell, but one of no other letter
// than what stands in them.
bool is_host(std::string_view host) {
    if (!host.starts_with('[') || !host.ends_with(']')) return is_plain(host);
    return host.substr(1, host.size() - 2).find_first_not_of("0123456789abcdef:.") ==
           std::string_view::npos;
}

}  // namespace

bool is_plain(std::string_view text) {
    return text.find("..") == std::string_view::npos &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return ascii::is_alnum(c) || kPlain.find(c) != std::string_view::npos;
           });
}

Result<std::string> plain_address(std::string_view text) {
    const Result<Url> url = parse_url(text);
    if (!url) return Result<std::string>::failure(url.reason());
    if (!is_host(url->host) || !is_plain(url->path))
        return Result<std::string>::failure(
            "may hold letters, digits and " + std::string(kPlain) +
            " alone, and no .., since it becomes part of each app's SOURCE");
    return url->origin() + url->path;
}

std::string endpoint_of(const DriverMessage& message, const char* standard) {
    const Result<std::string> endpoint =
        plain_address(message.market("ENDPOINT").value_or(standard));
    // The text is not repeated: whoever put credentials into it does not want them in a log.
    if (!endpoint) throw Error(ErrorKind::bad_request, "ENDPOINT " + endpoint.reason());
    return *endpoint;
}

}  // namespace onemarket
