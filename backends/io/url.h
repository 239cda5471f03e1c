// SPDX-License-Identifier: Apache-2.0
// Addresses of HTTP servers, as administrators write them (RFC 3986, read by libcurl).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/error.h"
#include "protocol/secret.h"

namespace onemarket {

// An http or https address without credentials, query and fragment.
struct Url {
    std::string scheme;  // http or https
    std::string host;    // lower case; an IPv6 address in its brackets
    std::string port;    // empty: the scheme's own
    std::string path;    // percent-encoded; empty, or beginning with a slash and ending in none

    // host[:port], as in the header Host.
    std::string authority() const { return port.empty() ? host : host + ":" + port; }
    // scheme://host[:port]
    std::string origin() const { return scheme + "://" + authority(); }
};

// Fails, with what is wrong, on all that is not such an address.
Result<Url> parse_url(std::string_view text);

// An http or https address as it may be sent, and what stood before the host in it.
struct Address {
    std::string url;  // percent-encoded but for the host's name, without credentials and fragment
    Secret authorization;  // value of the header Authorization (RFC 7617); empty: none were there
};

// Reads an address as people write it: what may not stand in one (blanks, quotes, control
// characters, bytes that are no ASCII) is percent-encoded, a % stays. Fails on what is none; the
// reason does not repeat it.
Result<Address> parse_address(std::string_view text);

// Where a redirection leads: `location` as the header gives it, relative to `base` or not; without
// its fragment, with its query. Fails on what is no http or https address, or has credentials.
Result<std::string> resolve_location(const std::string& base, std::string_view location);

// scheme://host[:port] of one that parse_address() gave.
std::string_view origin_of(std::string_view url);

// The address as it may be told: without the query, where signatures and tokens are kept.
std::string_view without_query(std::string_view url);

// Where an image comes from, as it may be told: of an http or https address neither what stands
// before the host nor the query; anything else as it is.
std::string tellable(std::string_view location);

// What must not be told of an address: credentials_in(), and the form in which a server gets those
// and may say them again.
std::vector<std::string> secrets_of(std::string_view location);

// True where the host is an address and no name.
bool is_ip_address(const Url& url);

// Letters and digits, and the characters of `plain`, as they are, the rest as %XX, upper case.
inline constexpr std::string_view kUnreserved = "-._~";  // RFC 3986, 2.3
std::string percent_encode(std::string_view text, std::string_view plain = kUnreserved);

// %XX, in either case, as the byte it stands for; a % before anything else stays.
std::string percent_decode(std::string_view text);

// Names and values of a query, neither encoded.
using Query = std::vector<std::pair<std::string, std::string>>;

}  // namespace onemarket
