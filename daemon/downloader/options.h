// SPDX-License-Identifier: Apache-2.0
// onemarket-downloader's command line: that of the site's downloader.sh, and some more.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/error.h"

namespace onemarket {

// What the bytes must have.
struct ExpectedHash {
    std::string algorithm;  // as Digest takes it
    std::string hex;        // lower case
};

struct DownloaderOptions {
    std::string source;
    std::string destination;           // a path, or - for stdout
    std::vector<ExpectedHash> hashes;  // -m, -s, --sha256: of the bytes as they come
    std::optional<uint64_t> rate;      // -l, bytes a second; nothing: as many as come
    std::optional<uint64_t> most;      // -c, bytes of what is written
    bool unpack = true;                // -n: not
    bool retry = true;                 // -o: not
    bool version = false;
    std::string help;  // not empty: was asked for
};

// Reads the arguments without the program's name; in any order, `--opt value`, `--opt=value` and
// `-o value`, `--` before what begins with a dash. Fails in words.
Result<DownloaderOptions> parse_downloader_options(std::vector<std::string> arguments);

// "1024", "1024B"; "500k", "10M", "2G", "1T": powers of 1024; "kB", "MB", "GB", "TB": of 1000.
// Nothing where it is none, or too large.
std::optional<uint64_t> parse_bytes(std::string_view text);

}  // namespace onemarket
