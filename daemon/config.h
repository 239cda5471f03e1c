// SPDX-License-Identifier: Apache-2.0
// etc/onemarketd.conf: OpenNebula template syntax, every key optional.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "backends/all_backends.h"
#include "protocol/reply.h"

namespace onemarket {

struct Config {
    LogLevel log_level = LogLevel::info;
    size_t log_megabytes = 10;  // size of one log file
    size_t log_files = 5;       // kept beside the current one

    size_t transfers = 0;              // imports that move bytes at one time; 0: one a processor
    uint64_t bandwidth_megabytes = 0;  // a second, of all imports together; 0: no limit

    size_t s3_parallel_parts = 4;  // of one image
    bool sha256 = true;            // in the manifests of images in folders

    size_t queue_requests = 10'000;
    size_t queue_megabytes = 256;

    std::string ca_file;  // trusted certificates; empty: the system's
    bool tls_verify = true;
    std::vector<std::string> tls_unverified_hosts;  // lower case

    size_t download_connections = 4;  // of onemarket-downloader

    // An import that the end of the driver meets is gone on with at the next start; else it fails.
    bool resume_imports = true;
    std::chrono::seconds delete_retry{60};  // before a DELETE that failed is tried again

    std::chrono::seconds monitor_timeout{60};
    std::chrono::seconds delete_timeout{60};
    std::chrono::seconds shutdown_grace{2};

    std::string metrics_listen;  // a port's address, or a socket's path; empty: nowhere
    std::string metrics_file;    // empty: none

    size_t script_output_megabytes = 64;
    ScriptChoice scripts;

    // Why nothing may be asked over https: what says whom to trust is wrong, or may be in what is
    // not understood, and to go on without it would be to trust others. Empty where all is well.
    std::string no_tls;

    // What was wrong, a line each: "<file>, line 3: ...". What is right applies all the same.
    std::vector<std::string> problems;
};

// The configuration in a text; `file` names it in problems.
Config parse_config(std::string_view text, const std::string& file);

// The same from a file; a missing file is no problem and gives the defaults.
Config load_config(const std::string& file);

// The keys there are, in the order of the documentation.
std::vector<std::string_view> config_keys();

}  // namespace onemarket
