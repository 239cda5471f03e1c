// SPDX-License-Identifier: Apache-2.0
#include "backends/io/url.h"

#include <curl/curl.h>

#include <algorithm>
#include <memory>

#include "backends/io/libcurl.h"
#include "protocol/ascii.h"
#include "protocol/base64.h"
#include "protocol/credentials.h"
#include "protocol/utf8.h"

namespace onemarket {
namespace {

using Parser = std::unique_ptr<CURLU, decltype(&curl_url_cleanup)>;

Parser new_parser() {
    make_libcurl_ready();
    return {curl_url(), curl_url_cleanup};
}

constexpr unsigned int kAsItStands = CURLU_NON_SUPPORT_SCHEME | CURLU_PATH_AS_IS;

// The part, or empty when the address has none.
std::string part(const Parser& parser, CURLUPart which, unsigned int flags = 0) {
    char* text = nullptr;
    if (curl_url_get(parser.get(), which, &text, flags) != CURLUE_OK) return "";
    const std::unique_ptr<char, decltype(&curl_free)> owner(text, curl_free);
    return text;
}

// Bytes that are no ASCII as %XX, which is how they are sent; all else stays.
std::string ascii_of(std::string_view text) {
    return percent_encode(text, " !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~");
}

// Makes the host what it stands for; false where that is none. libcurl decodes what is encoded in a
// name, takes any bytes, and does not look at what comes of that, which may be a number, or encoded
// still: so it reads the address once more.
bool settle_host(const Parser& parser) {
    const std::string host = part(parser, CURLUPART_HOST);
    if (host.empty()) return true;
    return is_utf8(host) &&
           std::none_of(host.begin(), host.end(),
                        [](char c) { return c == '%' || ascii::is_control(c); }) &&
           curl_url_set(parser.get(), CURLUPART_URL, part(parser, CURLUPART_URL).c_str(),
                        kAsItStands) == CURLUE_OK;
}
constexpr std::string_view kBasic = "Basic ";
constexpr const char* kNoHostName = "has a host whose name is none";

// The digit at that place; -1 where there is none.
int hex_digit(std::string_view text, size_t at) {
    const char c = at < text.size() ? ascii::lower(text[at]) : ' ';
    if (ascii::is_digit(c)) return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

}  // namespace

Result<Url> parse_url(std::string_view text) {
    const auto fail = [](const char* reason) { return Result<Url>::failure(reason); };
    for (const char c : text)
        if (c == ' ' || ascii::is_control(c)) return fail("has a blank in it");
    // libcurl takes any number of slashes.
    if (text.find(":///") != std::string_view::npos) return fail("has no host");
    const Parser parser = new_parser();
    if (!parser ||
        curl_url_set(parser.get(), CURLUPART_URL, ascii_of(text).c_str(), kAsItStands) != CURLUE_OK)
        return fail("is no address like https://host:port");
    if (!settle_host(parser)) return fail(kNoHostName);

    Url url;
    url.scheme = ascii::to_lower(part(parser, CURLUPART_SCHEME));
    url.host = ascii::to_lower(part(parser, CURLUPART_HOST));
    url.port = part(parser, CURLUPART_PORT);
    url.path = part(parser, CURLUPART_PATH);
    if (url.scheme != "http" && url.scheme != "https")
        return fail("is neither http:// nor https://");
    if (url.host.empty()) return fail("has no host");
    if (!part(parser, CURLUPART_USER).empty() || !part(parser, CURLUPART_PASSWORD).empty())
        return fail("has credentials in it");
    if (!part(parser, CURLUPART_QUERY).empty() || !part(parser, CURLUPART_FRAGMENT).empty())
        return fail("has a query or a fragment");
    while (url.path.ends_with('/')) url.path.pop_back();
    if (url.port == (url.scheme == "http" ? "80" : "443")) url.port.clear();
    return url;
}

Result<Address> parse_address(std::string_view text) {
    const auto fail = [](const char* reason) { return Result<Address>::failure(reason); };
    const std::string encoded = percent_encode(text, "!#$%&'()*+,-./:;=?@[]_~");
    const Parser parser = new_parser();
    const CURLUcode code = curl_url_set(parser.get(), CURLUPART_URL, encoded.c_str(), kAsItStands);
    if (code == CURLUE_BAD_PORT_NUMBER) return fail("has a port that is none");
    if (code != CURLUE_OK || encoded.find(":///") != std::string::npos)
        return fail("is no address like https://host/path");
    const std::string scheme = ascii::to_lower(part(parser, CURLUPART_SCHEME));
    if (scheme != "http" && scheme != "https") return fail("is neither http:// nor https://");
    if (!settle_host(parser)) return fail(kNoHostName);

    const std::string user = part(parser, CURLUPART_USER, CURLU_URLDECODE);
    const std::string password = part(parser, CURLUPART_PASSWORD, CURLU_URLDECODE);
    for (const CURLUPart secret : {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_FRAGMENT})
        curl_url_set(parser.get(), secret, nullptr, 0);
    Address address{part(parser, CURLUPART_URL), {}};
    if (address.url.empty()) return fail("is no address like https://host/path");
    if (!user.empty() || !password.empty())
        address.authorization = Secret(std::string(kBasic) + base64_encode(user + ":" + password));
    return address;
}

Result<std::string> resolve_location(const std::string& base, std::string_view location) {
    const auto fail = [](const char* reason) { return Result<std::string>::failure(reason); };
    for (const char c : location)
        if (c == ' ' || ascii::is_control(c)) return fail("has a blank in it");
    const Parser parser = new_parser();
    if (location.find(":///") != std::string_view::npos) return fail("has no host");
    if (!parser ||
        curl_url_set(parser.get(), CURLUPART_URL, base.c_str(), CURLU_PATH_AS_IS) != CURLUE_OK ||
        curl_url_set(parser.get(), CURLUPART_URL, ascii_of(location).c_str(),
                     CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK)
        return fail("is no address");
    if (!settle_host(parser)) return fail(kNoHostName);
    curl_url_set(parser.get(), CURLUPART_FRAGMENT, nullptr, 0);
    const std::string scheme = ascii::to_lower(part(parser, CURLUPART_SCHEME));
    if (scheme != "http" && scheme != "https") return fail("is neither http:// nor https://");
    if (!part(parser, CURLUPART_USER).empty() || !part(parser, CURLUPART_PASSWORD).empty())
        return fail("has credentials in it");
    return part(parser, CURLUPART_URL);
}

std::string_view origin_of(std::string_view url) {
    return url.substr(0, url.find_first_of("/?", url.find("://") + 3));
}

std::string_view without_query(std::string_view url) {
    return url.substr(0, url.find('?'));
}

std::string tellable(std::string_view location) {
    const size_t colon = location.find("://");
    const std::string scheme = ascii::to_lower(location.substr(0, colon));
    if (colon == std::string_view::npos || (scheme != "http" && scheme != "https"))
        return std::string(location);
    const size_t host = colon + 3;
    const std::string_view rest = location.substr(host);
    const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
    const size_t at = authority.rfind('@');
    const std::string_view after = at == std::string_view::npos ? rest : rest.substr(at + 1);
    return std::string(location.substr(0, host)) + std::string(without_query(after));
}

std::vector<std::string> secrets_of(std::string_view location) {
    std::vector<std::string> secrets = credentials_in(location);
    if (secrets.empty()) return secrets;
    const Result<Address> address = parse_address(location);
    if (!address) return secrets;
    const std::string& sent = address->authorization.reveal();
    if (!sent.empty()) secrets.push_back(sent.substr(kBasic.size()));
    return secrets;
}

bool is_ip_address(const Url& url) {
    return url.host.starts_with('[') ||
           url.host.find_first_not_of("0123456789.") == std::string::npos;
}

std::string percent_encode(std::string_view text, std::string_view plain) {
    std::string out;
    for (const char c : text) {
        if (ascii::is_alnum(c) || plain.find(c) != std::string_view::npos) {
            out += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out += '%';
        out += "0123456789ABCDEF"[byte >> 4];
        out += "0123456789ABCDEF"[byte & 15];
    }
    return out;
}

std::string percent_decode(std::string_view text) {
    std::string out;
    for (size_t i = 0; i < text.size(); ++i) {
        const int high = text[i] == '%' ? hex_digit(text, i + 1) : -1;
        const int low = text[i] == '%' ? hex_digit(text, i + 2) : -1;
        if (high < 0 || low < 0) {
            out += text[i];
            continue;
        }
        out += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return out;
}

}  // namespace onemarket
