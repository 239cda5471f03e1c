// SPDX-License-Identifier: Apache-2.0
// onemarketd.conf: whatever it says, each value is one its key may have, and who is not to be
// trusted is not asked.
#include "daemon/config.h"

#include <algorithm>

#include "daemon/listen_address.h"
#include "protocol/ascii.h"
#include "protocol/template.h"
#include "tests/fuzz/fuzz.h"

namespace onemarket::fuzz {
namespace {

constexpr size_t kMostProblems = 101;
constexpr std::string_view kTrustKeys[] = {"CA_FILE", "TLS_VERIFY", "TLS_UNVERIFIED_HOSTS"};

void check_values(const Config& config) {
    const auto within = [](auto value, uint64_t low, uint64_t high) {
        const auto number = static_cast<uint64_t>(value);
        must(number >= low && number <= high, "a number is within its limits");
    };
    const auto seconds = [&](std::chrono::seconds value, uint64_t low, uint64_t high) {
        within(value.count(), low, high);
    };
    within(config.log_megabytes, 1, 10'000);
    within(config.log_files, 0, 100);
    within(config.transfers, 0, 256);
    within(config.bandwidth_megabytes, 0, 1'000'000);
    within(config.s3_parallel_parts, 1, 64);
    within(config.queue_requests, 1, 1'000'000);
    within(config.queue_megabytes, 1, 100'000);
    within(config.download_connections, 1, 16);
    within(config.script_output_megabytes, 1, 1'024);
    seconds(config.delete_retry, 1, 86'400);
    seconds(config.monitor_timeout, 1, 86'400);
    seconds(config.delete_timeout, 1, 86'400);
    seconds(config.shutdown_grace, 0, 3);
    const auto is_path = [](const std::string& path) {
        return path.empty() || path.starts_with('/');
    };
    must(is_path(config.ca_file) && is_path(config.metrics_file), "a path is one from the root");
    must(config.metrics_listen.empty() || parse_listen_address(config.metrics_listen),
         "an address is one");
    for (const std::string& host : config.tls_unverified_hosts)
        must(is_bridge_host(host) && host == ascii::to_lower(host), "a host is a host's name");
    for (const auto& types : {config.scripts.markets, config.scripts.datastores})
        for (const std::string& type : types)
            must(is_driver_name(type), "a driver's name may stand in a path");
}

void check_problems(const Config& config) {
    must(config.problems.size() <= kMostProblems, "there is an end of problems");
    for (const std::string& problem : config.problems) {
        must(is_one_line(problem) && problem.starts_with("f"), "a problem is a line of its file");
        for (const std::string_view key : kTrustKeys)
            must(problem.find(": " + std::string(key) + ": ") == std::string::npos ||
                     !config.no_tls.empty(),
                 "who is not known to be trusted is not asked");
    }
}

// A text without problems says of each key what it came to, and has no other.
void check_text(std::string_view text, const Config& config) {
    if (!config.problems.empty()) return;
    must(config.no_tls.empty(), "where nothing is wrong anybody may be asked");
    std::string lines(text);
    std::erase(lines, '\r');
    const Result<Template> read = parse_template(lines + "\n");
    const std::vector<std::string_view> keys = config_keys();
    if (!read) return;  // line by line, then
    for (const Template::Attribute& attribute : *read) {
        must(std::find(keys.begin(), keys.end(), attribute.key) != keys.end() && attribute.single(),
             "a key that is not known is a problem");
        if (attribute.key != "TLS_VERIFY" || read->all("TLS_VERIFY").size() > 1) continue;
        must(ascii::iequals(ascii::trim(*attribute.single()), "yes") == config.tls_verify,
             "what is said of trust holds");
    }
}

}  // namespace

void one_input(std::string_view input) {
    const Config config = parse_config(input, "f");
    check_values(config);
    check_problems(config);
    check_text(input, config);
}

}  // namespace onemarket::fuzz
