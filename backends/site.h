// SPDX-License-Identifier: Apache-2.0
// The OpenNebula installation around the driver, and what all requests of it have in common.
#pragma once

#include <compare>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "backends/io/backoff.h"
#include "backends/io/bridge.h"
#include "backends/io/http_client.h"

namespace onemarket {

class ListCache;

// An OpenNebula release, from remotes/VERSION.
struct Release {
    int major = 7, minor = 0, patch = 0;
    auto operator<=>(const Release&) const = default;
};

// What a catalogue's server is told of who asks: `OpenNebula <version>[ <edition>] (Market
// Driver)`, by which it chooses what it offers. From the texts of remotes/VERSION and
// remotes/EDITION; without a version it is the default release's.
std::string catalogue_agent(std::string_view version, std::string_view edition);

// Reads "6.8.3"; what is missing or no number counts as 0. Empty text gives the default above: the
// newest calling conventions.
Release parse_release(std::string_view text);

// How a datastore's `export` script of this release is given its document.
enum class ExportCalling {
    argument,            // export <base64> <id>
    dash_then_stdin,     // export - <id>, base64 on stdin
    id_only_then_stdin,  // export <id>, base64 on stdin
};
// `stdin_flag`: the driver was started with -i, which releases 6.4.4 and 6.6.2 introduced.
ExportCalling export_calling(Release release, bool stdin_flag);

// Read-only once made, but for `lists`; shared by all threads.
struct Site {
    std::string remotes;  // folder of market/ and datastore/ scripts
    // Below remotes, or a path: for what is not built in.
    std::string downloader = "datastore/downloader.sh";
    std::string work_dir;                  // where scripts are run: VAR
    std::vector<std::string> environment;  // NAME=VALUE of every script
    Release release;
    bool export_stdin = false;                    // -i
    size_t max_script_output = size_t{64} << 20;  // bytes
    HttpSettings http;
    SshLimits ssh;                                     // to bridge hosts
    RetryPolicy retries;                               // of requests to services
    size_t s3_parallel_parts = 4;                      // of one image
    size_t source_connections = 1;                     // over which one image comes from the web
    bool sha256 = true;                                // beside MD5, in manifests
    std::string user_agent = catalogue_agent("", "");  // for the servers of catalogues
    std::shared_ptr<ListCache> lists;  // of discovered marketplaces; null: none is kept

    std::string downloader_path() const {
        return downloader.starts_with('/') ? downloader : remotes + "/" + downloader;
    }
};

// How this site's ssh is called.
SshSettings ssh_settings(const Site& site);

// True for a driver's name that may stand in a path: letters, digits, `_`, `-` and `.`, not
// beginning with a dot.
bool is_driver_name(std::string_view name);

}  // namespace onemarket
