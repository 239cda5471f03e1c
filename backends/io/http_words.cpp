// SPDX-License-Identifier: Apache-2.0
#include "backends/io/http_words.h"

#include "backends/io/url.h"

namespace onemarket {

namespace {

constexpr std::string_view kUntrusted = " (CA_FILE says which ones are trusted)";
constexpr std::string_view kAnotherName =
    " (the certificate is another name's; TLS_UNVERIFIED_HOSTS excepts a host)";

}  // namespace

std::string_view whom_to_trust(std::string_view why) {
    return why.find("target host name") == std::string_view::npos ? kUntrusted : kAnotherName;
}

std::string remedy_for_trust(std::string_view text) {
    const auto has = [text](std::string_view part) {
        return text.find(part) != std::string_view::npos;
    };
    if (has(kNothingOverHttps))
        return "correct that line of onemarketd.conf, then `onemarketctl reload`";
    if (has(kUntrusted))
        return "CA_FILE in onemarketd.conf, with the authority of that certificate; the last "
               "resort is TLS_UNVERIFIED_HOSTS";
    if (has(kAnotherName))
        return "use the name the certificate has; the last resort is TLS_UNVERIFIED_HOSTS in "
               "onemarketd.conf";
    return "";
}

// `Failed to connect to HOST port NUMBER ...`.
bool names_server(std::string_view why, const std::string& url) {
    const Result<Url> server = parse_url(without_query(url));
    return !server || why.find(" " + server->host + " port ") != std::string_view::npos;
}

}  // namespace onemarket
