// SPDX-License-Identifier: Apache-2.0
#include "daemon/ctl/drivers_options.h"

#include "daemon/ctl/oned_conf.h"
#include "daemon/layout.h"
#include "daemon/proxies.h"
#include "daemon/text_file.h"
#include "protocol/error.h"

namespace onemarket {
namespace {

bool names_a_proxy(const Environment& environment, const Layout& layout) {
    const Environment rc = parse_rc(read_text_file_or_empty(layout.etc + "/defaultrc"));
    HttpSettings settings;
    set_proxies(script_environment(environment, rc, ""), "", settings);
    return !settings.http_proxy.empty() || !settings.https_proxy.empty();
}

}  // namespace

Options drivers_options(const Environment& environment) {
    const Layout layout = layout_of(environment);
    try {
        const OnedConf conf(read_text_file(layout.etc + "/oned.conf"));
        if (conf.runs_onemarketd()) return parse_options({conf.arguments()});
    } catch (const Error&) {
        // As if there were none.
    }
    return {};
}

Options options_by_hand(const Environment& environment, const std::string& type) {
    Options options;
    options.markets.emplace().insert(type);
    const Layout layout = layout_of(environment);
    if (!names_a_proxy(environment, layout)) options.proxy = drivers_options(environment).proxy;
    return options;
}

}  // namespace onemarket
