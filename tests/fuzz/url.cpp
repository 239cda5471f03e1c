// SPDX-License-Identifier: Apache-2.0
// Addresses: read, written and read again they are the same; what is told of them, and what becomes
// part of a SOURCE, has nothing in it that it must not have. Parts of an input: an address, and
// where it redirects to.
#include "backends/io/url.h"

#include <algorithm>

#include "backends/discovery/endpoint.h"
#include "protocol/ascii.h"
#include "tests/fuzz/fuzz.h"

namespace onemarket::fuzz {
namespace {

bool is_web(std::string_view url) {
    return url.starts_with("http://") || url.starts_with("https://");
}

// A host may be of any letters: libcurl makes a name of those.
bool is_sendable(std::string_view url) {
    const auto is_plain = [](char c) { return c > ' ' && c < '\x7f'; };
    const std::string_view path = url.substr(std::min(url.find('/', 8), url.size()));
    return is_web(url) && is_one_line(url) && url.find(' ') == std::string_view::npos &&
           std::all_of(path.begin(), path.end(), is_plain);
}

void check_url(std::string_view text) {
    const Result<Url> url = parse_url(text);
    if (!url) return must(is_one_line(url.reason()), "a reason is one line");
    must(url->scheme == "http" || url->scheme == "https", "the scheme is one of two");
    must(!url->host.empty() && url->host == ascii::to_lower(url->host), "there is a host");
    must(url->path.empty() || url->path.starts_with('/'), "a path begins with a slash");
    must(!url->path.ends_with('/'), "a path ends in no slash");
    const std::string written = url->origin() + url->path;
    must(written.find_first_of("?# ") == std::string::npos, "there is no query in it");
    const Result<Url> again = parse_url(written);
    must(again && again->scheme == url->scheme && again->host == url->host &&
             again->port == url->port && again->path == url->path,
         "what was read can be written");
}

void check_address(std::string_view text) {
    const Result<Address> address = parse_address(text);
    if (!address) return must(is_one_line(address.reason()), "a reason is one line");
    must(is_sendable(address->url), "an address can be sent");
    must(address->url.find('#') == std::string::npos, "a fragment is not sent");
    const Secret& secret = address->authorization;
    must(secret.empty() || is_one_line(secret.reveal()), "credentials are one line");
    const Result<Address> again = parse_address(address->url);
    must(again && again->url == address->url, "an address that can be sent stays");
    must(again->authorization.empty(), "no credentials are left in it");
}

void check_told(std::string_view text) {
    const std::string told = tellable(text);
    const std::string scheme = ascii::to_lower(told.substr(0, told.find("://")));
    if (told.find("://") == std::string::npos || (scheme != "http" && scheme != "https")) return;
    must(told.find('?') == std::string::npos, "no query is told");
    const std::string rest = told.substr(told.find("://") + 3);
    must(rest.substr(0, rest.find_first_of("/?#")).find('@') == std::string::npos,
         "no credentials are told");
}

void check_source(std::string_view text) {
    const Result<std::string> plain = plain_address(text);
    if (!plain) return;
    must(is_sendable(*plain) &&
             plain->find_first_of(" \"'`$\\;&|<>(){}*?!#^") == std::string::npos &&
             plain->find("..") == std::string::npos,
         "a SOURCE means nothing to a shell");
    must(plain_address(*plain) && *plain_address(*plain) == *plain, "a SOURCE stays");
}

}  // namespace

void one_input(std::string_view input) {
    const auto parts = parts_of(input, 2);
    check_url(parts[0]);
    check_address(parts[0]);
    check_told(parts[0]);
    check_source(parts[0]);
    const Result<std::string> next = resolve_location(std::string(parts[0]), parts[1]);
    must(!next || (is_web(*next) && next->find('#') == std::string::npos),
         "a redirection leads to the web");
    const std::string encoded = percent_encode(input);
    must(std::all_of(encoded.begin(), encoded.end(),
                     [](char c) {
                         return ascii::is_alnum(c) || c == '%' ||
                                kUnreserved.find(c) != std::string_view::npos;
                     }),
         "what is encoded is plain");
    must(percent_decode(encoded) == input, "what is encoded is decoded as it was");
}

}  // namespace onemarket::fuzz
