// SPDX-License-Identifier: Apache-2.0
#include "daemon/ctl/doctor/examined.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <set>
#include <system_error>

#include "daemon/text_file.h"
#include "protocol/ascii.h"

namespace onemarket {
namespace {

// The owner of a folder that must be there.
uid_t owner_of(const std::string& folder) {
    struct stat status {};
    if (::stat(folder.c_str(), &status) != 0)
        throw Error(ErrorKind::not_found,
                    std::string(system_error(errno, folder).what()) +
                        ": no OpenNebula here; doctor is for its front-end, and where that is "
                        "self-contained ONE_LOCATION says where");
    return status.st_uid;
}

}  // namespace

Examined::Examined(const Environment& environment, bool may_connect, Time time)
    : layout(layout_of(environment)),
      owner(owner_of(layout.var)),
      oned_conf_file(layout.etc + "/oned.conf"),
      path(value_of(environment, "PATH")),
      hosts(may_connect),
      now(time) {
    owner_of(layout.etc);
    try {
        oned_conf.emplace(read_text_file(oned_conf_file));
        if (runs_onemarketd()) options = parse_options({oned_conf->arguments()});
    } catch (const Error& error) {
        oned_conf_fault = error;
    }
    Options without_problems = options;
    without_problems.problems.clear();
    installation.emplace(without_problems, environment);
    try {
        markets = MarketMessages(layout.state()).read_all();
    } catch (const Error& error) {
        markets_fault = error;
    }
}

std::vector<std::string> Examined::bridges() const {
    std::set<std::string> hosts_there;
    for (const MarketMessages::Kept& market : markets) {
        const std::string list = market.message.market("BRIDGE_LIST").value_or("");
        for (const std::string_view host : ascii::split(list, " \t\n")) hosts_there.emplace(host);
    }
    return {hosts_there.begin(), hosts_there.end()};
}

std::string document(const std::string& name) {
    std::error_code error;
    const auto here = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
    const auto installed =
        (here / "../share/doc/onemarketd/docs" / name).lexically_normal().string();
    return ::access(installed.c_str(), F_OK) == 0 ? installed : "docs/" + name;
}

std::string reason_of(int error_number) {
    return std::generic_category().message(error_number);
}

void examine(const Examined& examined, Context& context, Findings& findings) {
    for (const auto checks : {checks_of_oned(), checks_of_state(), checks_of_network()})
        for (const Check check : checks) {
            context.check();
            check(examined, context, findings);
        }
}

}  // namespace onemarket
