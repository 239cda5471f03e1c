// SPDX-License-Identifier: Apache-2.0
#include "daemon/config.h"

#include <algorithm>
#include <array>
#include <sstream>

#include "backends/site.h"
#include "daemon/listen_address.h"
#include "daemon/text_file.h"
#include "protocol/ascii.h"
#include "protocol/template.h"

namespace onemarket {
namespace {

// What a value should have been; empty when it was right.
using Fault = std::string;

Fault set_number(std::string_view value, uint64_t low, uint64_t high, auto&& set) {
    const auto number = ascii::parse_number<uint64_t>(value);
    if (!number || *number < low || *number > high)
        return "a whole number from " + std::to_string(low) + " to " + std::to_string(high);
    set(*number);
    return "";
}

Fault set_level(std::string_view value, LogLevel& level) {
    constexpr std::array<std::pair<std::string_view, LogLevel>, 4> levels{
        {{"error", LogLevel::error},
         {"warning", LogLevel::warning},
         {"info", LogLevel::info},
         {"debug", LogLevel::debug}}};
    for (const auto& [name, known] : levels) {
        if (!ascii::iequals(name, value)) continue;
        level = known;
        return "";
    }
    return "one of error, warning, info, debug";
}

Fault set_path(std::string_view value, std::string& path) {
    if (!value.starts_with('/')) return "a path from the root";
    path = value;
    return "";
}

Fault set_listen(std::string_view value, std::string& address) {
    if (!value.empty() && !parse_listen_address(value))
        return "an address with a port (127.0.0.1:9911, [::1]:9911), or a path from the root of at "
               "most 107 bytes";
    address = value;
    return "";
}

// The collector looks at no other names.
Fault set_metrics_file(std::string_view value, std::string& path) {
    if (!value.empty() && !(value.starts_with('/') && value.ends_with(".prom")))
        return "a path from the root that ends in .prom";
    path = value;
    return "";
}

Fault set_flag(std::string_view value, bool& flag) {
    if (!ascii::iequals(value, "yes") && !ascii::iequals(value, "no")) return "yes or no";
    flag = ascii::iequals(value, "yes");
    return "";
}

Fault set_types(std::string_view value, std::set<std::string, std::less<>>& types) {
    for (const std::string_view type : ascii::split(value, ", \t")) {
        if (!is_driver_name(type)) return "driver names with commas";
        types.emplace(type);
    }
    return "";
}

Fault set_hosts(std::string_view value, std::vector<std::string>& hosts) {
    std::vector<std::string> named;
    for (const std::string_view host : ascii::split(value, ", \t")) {
        if (!is_bridge_host(host)) return "names of hosts with commas";
        if (host.find("]:") != std::string_view::npos ||
            (!host.ends_with(']') && std::count(host.begin(), host.end(), ':') == 1))
            return "names of hosts, without a port";
        named.push_back(ascii::to_lower(host));
    }
    hosts = std::move(named);
    return "";
}

struct Key {
    std::string_view name;
    Fault (*apply)(std::string_view value, Config& config);
    bool is_trust = false;  // says whom to trust
};

constexpr size_t kMaxProblems = 100;  // nobody reads more, and oned waits for INIT
constexpr uint64_t kDay = 86'400;     // seconds

constexpr std::array<Key, 23> kKeys{{
    {"LOG_LEVEL", [](std::string_view v, Config& c) { return set_level(v, c.log_level); }},
    {"LOG_MB",
     [](std::string_view v, Config& c) {
         return set_number(v, 1, 10'000, [&](uint64_t n) { c.log_megabytes = n; });
     }},
    {"LOG_FILES",
     [](std::string_view v, Config& c) {
         return set_number(v, 0, 100, [&](uint64_t n) { c.log_files = n; });
     }},
    {"TRANSFERS",
     [](std::string_view v, Config& c) {
         return set_number(v, 0, 256, [&](uint64_t n) { c.transfers = n; });
     }},
    {"BANDWIDTH_MB",
     [](std::string_view v, Config& c) {
         return set_number(v, 0, 1'000'000, [&](uint64_t n) { c.bandwidth_megabytes = n; });
     }},
    {"S3_PARALLEL_PARTS",
     [](std::string_view v, Config& c) {
         return set_number(v, 1, 64, [&](uint64_t n) { c.s3_parallel_parts = n; });
     }},
    {"SHA256", [](std::string_view v, Config& c) { return set_flag(v, c.sha256); }},
    {"QUEUE_REQUESTS",
     [](std::string_view v, Config& c) {
         return set_number(v, 1, 1'000'000, [&](uint64_t n) { c.queue_requests = n; });
     }},
    {"QUEUE_MB",
     [](std::string_view v, Config& c) {
         return set_number(v, 1, 100'000, [&](uint64_t n) { c.queue_megabytes = n; });
     }},
    {"CA_FILE", [](std::string_view v, Config& c) { return set_path(v, c.ca_file); }, true},
    {"TLS_VERIFY", [](std::string_view v, Config& c) { return set_flag(v, c.tls_verify); }, true},
    {"TLS_UNVERIFIED_HOSTS",
     [](std::string_view v, Config& c) { return set_hosts(v, c.tls_unverified_hosts); }, true},
    {"DOWNLOAD_CONNECTIONS",
     [](std::string_view v, Config& c) {
         return set_number(v, 1, 16, [&](uint64_t n) { c.download_connections = n; });
     }},
    {"MONITOR_TIMEOUT",
     [](std::string_view v, Config& c) {
         return set_number(v, 1, kDay,
                           [&](uint64_t n) { c.monitor_timeout = std::chrono::seconds(n); });
     }},
    {"DELETE_TIMEOUT",
     [](std::string_view v, Config& c) {
         return set_number(v, 1, kDay,
                           [&](uint64_t n) { c.delete_timeout = std::chrono::seconds(n); });
     }},
    {"SHUTDOWN_GRACE",
     [](std::string_view v, Config& c) {
         return set_number(v, 0, 3,
                           [&](uint64_t n) { c.shutdown_grace = std::chrono::seconds(n); });
     }},
    {"RESUME_IMPORTS", [](std::string_view v, Config& c) { return set_flag(v, c.resume_imports); }},
    {"DELETE_RETRY",
     [](std::string_view v, Config& c) {
         return set_number(v, 1, kDay,
                           [&](uint64_t n) { c.delete_retry = std::chrono::seconds(n); });
     }},
    {"METRICS_LISTEN",
     [](std::string_view v, Config& c) { return set_listen(v, c.metrics_listen); }},
    {"METRICS_FILE",
     [](std::string_view v, Config& c) { return set_metrics_file(v, c.metrics_file); }},
    {"SCRIPT_OUTPUT_MB",
     [](std::string_view v, Config& c) {
         return set_number(v, 1, 1'024, [&](uint64_t n) { c.script_output_megabytes = n; });
     }},
    {"MARKET_SCRIPTS",
     [](std::string_view v, Config& c) { return set_types(v, c.scripts.markets); }},
    {"DATASTORE_SCRIPTS",
     [](std::string_view v, Config& c) { return set_types(v, c.scripts.datastores); }},
}};

// `trust`: it says whom to trust, or may say it behind what nobody understands.
void add_problem(Config& config, std::string problem, bool trust) {
    if (trust && config.no_tls.empty()) config.no_tls = problem;
    if (config.problems.size() < kMaxProblems) config.problems.push_back(std::move(problem));
}

void apply(const Template::Attribute& attribute, const std::string& file, Config& config) {
    const std::string where = file + ", line " + std::to_string(attribute.line) + ": ";
    for (const Key& key : kKeys) {
        if (key.name != attribute.key) continue;
        // One of several lines has swallowed those behind a quote or bracket that is missing.
        const std::string* value = attribute.single();
        const bool one = value != nullptr && value->find('\n') == std::string::npos;
        const Fault fault = one ? key.apply(ascii::trim(*value), config) : "a single value";
        if (!fault.empty())
            add_problem(config, where + attribute.key + ": expected " + fault,
                        key.is_trust || !one);
        return;
    }
    add_problem(config, where + "unknown key " + attribute.key, true);
}

// Each line ends with a newline: the lexer takes a comment only with it, and a CR as part of a
// value or of a comment.
std::string with_newlines(std::string_view text) {
    std::string lines;
    lines.reserve(text.size() + 1);
    for (size_t i = 0; i < text.size(); ++i)
        if (text[i] != '\r')
            lines += text[i];
        else if (!text.substr(i + 1).starts_with('\n'))
            lines += '\n';
    return lines + "\n";
}

}  // namespace

Config parse_config(std::string_view text, const std::string& file) {
    Config config;
    const std::string lines = with_newlines(text);
    if (lines.find('\0') != std::string::npos)
        add_problem(config, file + ": NUL in the text, which ends there", true);
    if (const Result<Template> parsed = parse_template(lines)) {
        // As they stand in the file: a template's are sorted.
        std::vector<Template::Attribute> attributes(parsed->begin(), parsed->end());
        std::stable_sort(attributes.begin(), attributes.end(),
                         [](const auto& a, const auto& b) { return a.line < b.line; });
        for (const Template::Attribute& attribute : attributes) apply(attribute, file, config);
        return config;
    }
    // One wrong line must not cost the others: each by itself then.
    std::istringstream stream(lines);
    size_t number = 0;
    for (std::string line; std::getline(stream, line);) {
        ++number;
        const Result<Template> parsed = parse_template(line + "\n");
        if (!parsed)
            add_problem(config,
                        file + ", line " + std::to_string(number) +
                            ": no attribute: expected KEY = \"VALUE\"",
                        true);
        else
            for (Template::Attribute attribute : *parsed) {
                attribute.line = number;
                apply(attribute, file, config);
            }
    }
    return config;
}

Config load_config(const std::string& file) {
    try {
        return parse_config(read_text_file(file), file);
    } catch (const Error& error) {
        Config config;
        if (error.kind() != ErrorKind::not_found) add_problem(config, error.what(), true);
        return config;
    }
}

std::vector<std::string_view> config_keys() {
    std::vector<std::string_view> names;
    for (const Key& key : kKeys) names.push_back(key.name);
    return names;
}

}  // namespace onemarket
