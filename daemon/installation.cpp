// SPDX-License-Identifier: Apache-2.0
#include "daemon/installation.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <thread>

#include "backends/discovery/list_cache.h"
#include "daemon/proxies.h"
#include "daemon/text_file.h"
#include "daemon/version.h"
#include "protocol/ascii.h"

namespace onemarket {
namespace {

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
    site.http.user_agent = std::string("onemarketd/") + kVersion;
    site.http.ca_file = config_.ca_file;
    site.http.verify_tls = config_.tls_verify;
    site.http.unverified_hosts = config_.tls_unverified_hosts;
    set_proxies(environment, options.proxy, site.http);
    site.user_agent =
        catalogue_agent(version, read_text_file_or_empty(layout_.remotes + "/EDITION"));
    site.lists = std::make_shared<ListCache>();
    site.s3_parallel_parts = config_.s3_parallel_parts;
    site.sha256 = config_.sha256;
    if (!config_.ca_file.empty() && ::access(config_.ca_file.c_str(), R_OK) != 0)
        problems_.emplace_back(system_error(errno, "CA_FILE " + config_.ca_file).what());
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
