// SPDX-License-Identifier: Apache-2.0
#include "backends/io/http_trust.h"

#include <algorithm>

#include "backends/io/url.h"

namespace onemarket {

bool is_verified(const HttpSettings& settings, const std::string& url) {
    const std::vector<std::string>& hosts = settings.unverified_hosts;
    if (!settings.verify_tls || hosts.empty()) return settings.verify_tls;
    const Result<Url> server = parse_url(without_query(url));
    return !server || std::find(hosts.begin(), hosts.end(), server->host) == hosts.end();
}

}  // namespace onemarket
