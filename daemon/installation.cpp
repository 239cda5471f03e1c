// SPDX-License-Identifier: Apache-2.0
#include "daemon/installation.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <thread>

#include "backends/all_backends.h"
#include "backends/discovery/list_cache.h"
#include "daemon/certificates.h"
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

// Empty where it has some, or none is named.
std::string fault_of_ca_file(const std::string& file) {
    if (file.empty()) return "";
    try {
        if (certificates_in(file) > 0) return "";
        return "CA_FILE " + file + ": no certificate (PEM) in it";
    } catch (const Error& error) {
        return std::string("CA_FILE ") + error.what();
    }
}

}  // namespace

Installation::Installation(const Options& options, const Environment& process, bool keeps_messages,
                           const std::string& config_file)
    : options_(options),
      process_(process),
      layout_(layout_of(process)),
      config_file_(config_file.empty() ? layout_.etc + "/onemarketd.conf" : config_file),
      lists_(std::make_shared<ListCache>()),
      messages_(layout_.state()),
      keeps_messages_(keeps_messages) {
    std::shared_ptr<Generation> first = read();
    problems_ = options.problems;
    problems_.insert(problems_.end(), first->reading.faults.begin(), first->reading.faults.end());
    problems_.insert(problems_.end(), first->reading.problems.begin(),
                     first->reading.problems.end());
    priority_ = first->priority;
    use(std::move(first));
}

std::string Installation::verdict() const {
    std::string lines;
    for (const std::string& problem : problems_) lines += problem + "\n";
    if (!lines.empty()) return lines;
    const bool there = ::access(config_file_.c_str(), R_OK) == 0;
    return config_file_ + ": " + (there ? "correct" : "missing, the defaults apply") + "\n";
}

std::shared_ptr<const Services> Installation::services() const {
    const std::lock_guard lock(mutex_);
    return {now_, now_->services.get()};
}

Installation::Reading Installation::reload() {
    std::shared_ptr<Generation> next = read();
    Reading reading = next->reading;
    if (reading.faults.empty()) use(std::move(next));
    return reading;
}

void Installation::use(std::shared_ptr<Generation> generation) {
    transfers_.set(transfer_slots(generation->config));
    bandwidth_->set(generation->config.bandwidth_megabytes << 20);
    const std::lock_guard lock(mutex_);
    now_ = std::move(generation);
}

std::shared_ptr<Installation::Generation> Installation::read() {
    auto generation = std::make_shared<Generation>();
    Generation& now = *generation;
    now.config = load_config(config_file_);
    now.reading.faults = now.config.problems;
    // The TLS library would wait for ever for one that is a FIFO.
    if (const std::string fault = fault_of_ca_file(now.config.ca_file); !fault.empty()) {
        now.reading.faults.push_back(fault);
        now.config.no_tls = fault;
    }
    add_unknown_markets(now.config, now.reading.problems);
    now.site = make_site(now);
    const bool given = options_.timeout.count() > 0;
    now.services = std::make_unique<Services>(
        Services{now.config,
                 now.site,
                 options_.markets,
                 transfers_,
                 {options_.timeout, true},
                 {given ? options_.timeout : now.config.monitor_timeout, false},
                 {given ? options_.timeout : now.config.delete_timeout, false},
                 bandwidth_,
                 keeps_messages_ ? &messages_ : nullptr,
                 proxy_secrets(now.site.http)});
    return generation;
}

// Names that nobody will ever ask for; only where there are scripts at all can that be told.
void Installation::add_unknown_markets(const Config& config,
                                       std::vector<std::string>& problems) const {
    const std::string folder = layout_.remotes + "/market";
    if (::access(folder.c_str(), X_OK) != 0) return;
    const auto has_scripts = [&](const std::string& type) {
        return ::access((folder + "/" + type).c_str(), F_OK) == 0;
    };
    for (const std::string& type : options_.markets.value_or(std::set<std::string, std::less<>>()))
        if (!is_built_in(type) && !has_scripts(type))
            problems.push_back("option -m: '" + type + "' is neither built in nor a folder of " +
                               folder);
    for (const std::string& type : config.scripts.markets)
        if (!has_scripts(type))
            problems.push_back("MARKET_SCRIPTS: '" + type + "' is no folder of " + folder);
}

Site Installation::make_site(Generation& generation) const {
    const Config& config = generation.config;
    std::vector<std::string>& problems = generation.reading.problems;
    const Environment environment = script_environment(
        process_, parse_rc(read_text_file_or_empty(layout_.etc + "/defaultrc")), options_.proxy);
    const std::string priority = value_of(environment, "PRIORITY");
    if (const auto number = ascii::parse_number<int>(priority); number && *number <= 19)
        generation.priority = *number;
    else
        problems.push_back("PRIORITY '" + priority + "' is no niceness from 0 to 19");

    const std::string version = read_text_file_or_empty(layout_.remotes + "/VERSION");
    if (ascii::trim(version).empty())
        problems.push_back(layout_.remotes +
                           "/VERSION is missing: scripts are called as the newest releases do");
    Site site;
    site.remotes = layout_.remotes;
    site.work_dir = ::access(layout_.var.c_str(), X_OK) == 0 ? layout_.var : "/";
    site.environment = to_list(environment);
    site.release = parse_release(version);
    site.export_stdin = options_.export_stdin;
    site.max_script_output = config.script_output_megabytes << 20;
    site.http.user_agent = std::string("onemarketd/") + kVersion;
    site.http.ca_file = config.ca_file;
    site.http.verify_tls = config.tls_verify;
    site.http.unverified_hosts = config.tls_unverified_hosts;
    site.http.no_tls = config.no_tls;
    set_proxies(environment, options_.proxy, site.http);
    site.user_agent =
        catalogue_agent(version, read_text_file_or_empty(layout_.remotes + "/EDITION"));
    site.lists = lists_;
    site.s3_parallel_parts = config.s3_parallel_parts;
    site.sha256 = config.sha256;
    return site;
}

}  // namespace onemarket
