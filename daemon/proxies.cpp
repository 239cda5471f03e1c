// SPDX-License-Identifier: Apache-2.0
#include "daemon/proxies.h"

#include <initializer_list>
#include <string_view>

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

}  // namespace onemarket
