// SPDX-License-Identifier: Apache-2.0
#include "daemon/proxies.h"

#include <initializer_list>
#include <string_view>
#include <utility>

#include "backends/io/url.h"

namespace onemarket {
namespace {

std::string first_of(const Environment& environment,
                     std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names)
        if (const auto found = environment.find(name);
            found != environment.end() && !found->second.empty())
            return found->second;
    return "";
}

}  // namespace

void set_proxies(const Environment& environment, const std::string& option,
                 HttpSettings& settings) {
    settings.no_proxy = first_of(environment, {"no_proxy", "NO_PROXY"});
    if (!option.empty()) {
        settings.http_proxy = settings.https_proxy = Secret(option);
        return;
    }
    // HTTP_PROXY in capitals is what a web server makes of a client's header Proxy.
    settings.http_proxy = Secret(first_of(environment, {"http_proxy", "all_proxy", "ALL_PROXY"}));
    settings.https_proxy =
        Secret(first_of(environment, {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}));
}

std::vector<std::string> proxy_secrets(const HttpSettings& settings) {
    std::vector<std::string> secrets = secrets_of(settings.http_proxy.reveal());
    for (std::string& secret : secrets_of(settings.https_proxy.reveal()))
        secrets.push_back(std::move(secret));
    return secrets;
}

}  // namespace onemarket
