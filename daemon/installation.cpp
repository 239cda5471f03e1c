// SPDX-License-Identifier: Apache-2.0
#include "daemon/installation.h"

#include <unistd.h>

#include <algorithm>
#include <thread>

#include "daemon/text_file.h"
#include "protocol/ascii.h"

namespace onemarket {
namespace {

std::string value_of(const Environment& environment, std::string_view name) {
    const auto found = environment.find(name);
    return found == environment.end() ? "" : found->second;
}

size_t transfer_slots(const Config& config) {
    return config.transfers > 0 ? config.transfers
                                : std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace

Installation::Installation(const Options& options, const Environment& process)
    : layout_(Layout::of(value_of(process, "ONE_LOCATION"))),
      config_file_(layout_.etc + "/onemarketd.conf"),
      config_(load_config(config_file_)),
      site_(make_site(options, process)),
      transfers_(transfer_slots(config_)),
      services_(make_services(options)) {
    problems_.insert(problems_.begin(), config_.problems.begin(), config_.problems.end());
    problems_.insert(problems_.begin(), options.problems.begin(), options.problems.end());
}

Site Installation::make_site(const Options& options, const Environment& process) {
    const Environment environment = script_environment(
        process, parse_rc(read_text_file_or_empty(layout_.etc + "/defaultrc")), options.proxy);
    const std::string priority = value_of(environment, "PRIORITY");
    if (const auto number = ascii::parse_number<int>(priority); number && *number <= 19)
        priority_ = *number;
    else
        problems_.push_back("PRIORITY '" + priority + "' is no niceness from 0 to 19");

    const std::string version = read_text_file_or_empty(layout_.remotes + "/VERSION");
    if (ascii::trim(version).empty())
        problems_.push_back(layout_.remotes +
                            "/VERSION is missing: scripts are called as the newest releases do");
    Site site;
    site.remotes = layout_.remotes;
    site.work_dir = ::access(layout_.var.c_str(), X_OK) == 0 ? layout_.var : "/";
    site.environment = to_list(environment);
    site.release = parse_release(version);
    site.export_stdin = options.export_stdin;
    site.max_script_output = config_.script_output_megabytes << 20;
    return site;
}

Services Installation::make_services(const Options& options) {
    const bool given = options.timeout.count() > 0;
    return Services{config_,
                    site_,
                    options.markets,
                    transfers_,
                    {options.timeout, true},
                    {given ? options.timeout : config_.monitor_timeout, false},
                    {given ? options.timeout : config_.delete_timeout, false}};
}

}  // namespace onemarket
