// SPDX-License-Identifier: Apache-2.0
#include "backends/io/http_words.h"

#include "backends/io/url.h"

namespace onemarket {

std::string_view whom_to_trust(std::string_view why) {
    return why.find("target host name") == std::string_view::npos
               ? " (CA_FILE says which ones are trusted)"
               : " (the certificate is another name's; TLS_UNVERIFIED_HOSTS excepts a host)";
}

// `Failed to connect to HOST port NUMBER ...`.
bool names_server(std::string_view why, const std::string& url) {
    const Result<Url> server = parse_url(without_query(url));
    return !server || why.find(" " + server->host + " port ") != std::string_view::npos;
}

}  // namespace onemarket
