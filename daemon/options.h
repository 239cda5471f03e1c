// SPDX-License-Identifier: Apache-2.0
// The driver's command line: the stock driver's options, and a few of its own.
#pragma once

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace onemarket {

struct Options {
    unsigned threads = 15;                                      // -t: imports at one time
    std::optional<std::set<std::string, std::less<>>> markets;  // -m; none: every market folder
    std::chrono::seconds timeout{0};                            // -w: 0 is none
    std::string proxy;                                          // -p
    bool export_stdin = false;                                  // -i
    bool sync = false;          // one worker, requests in order: for tests
    bool check_config = false;  // read the configuration, say what is wrong with it, and exit
    bool version = false;
    bool help = false;

    // What was wrong, a line each. The driver runs all the same: one that refuses to start stops
    // oned itself from booting.
    std::vector<std::string> problems;
};

// Reads the arguments without the program's name. oned passes its whole ARGUMENTS as one argument,
// which is split at blanks here; arguments that are split already are taken as they are.
Options parse_options(std::vector<std::string> arguments);

std::string options_help();

}  // namespace onemarket
