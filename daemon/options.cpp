// SPDX-License-Identifier: Apache-2.0
// The one file that includes CLI11.
#include "daemon/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "protocol/ascii.h"
#include "protocol/credentials.h"

namespace onemarket {
namespace {

constexpr unsigned kMaxThreads = 256;

// All values as text: what is wrong with one must not keep the others from being read.
struct Texts {
    std::string threads, markets, timeout, proxy;
};

void declare(CLI::App& app, Texts& texts, Options& options) {
    app.allow_extras();
    app.set_help_flag("");
    // The stock driver's options take their value or leave it.
    app.add_option("-t,--threads", texts.threads, "Imports at one time (15)")->expected(0, 1);
    app.add_option("-m,--market-types", texts.markets,
                   "Marketplace types, with commas (all that have scripts)")
        ->expected(0, 1);
    app.add_option("-w,--timeout", texts.timeout,
                   "Seconds for one action; an import: without progress")
        ->expected(0, 1);
    app.add_option("-p,--proxy", texts.proxy, "URL of the proxy; scripts get it as http_proxy")
        ->expected(0, 1);
    app.add_flag("-i,--stdin", options.export_stdin,
                 "Datastore scripts take their document on stdin (6.4.4+, 6.6.2+)");
    app.add_flag("--sync", options.sync, "One worker, requests in order: for tests");
    app.add_flag("--check-config", options.check_config, "Check the configuration and exit");
    app.add_flag("--version", options.version, "Show the version and exit");
    app.add_flag("-h,--help", options.help, "Show this and exit");
}

void read_words(std::vector<std::string> words, Texts& texts, Options& options) {
    CLI::App app;
    declare(app, texts, options);
    std::reverse(words.begin(), words.end());  // CLI11 takes them from the back
    app.parse(words);
    for (const std::string& extra : app.remaining())
        options.problems.push_back("command line: unknown option '" + extra + "'");
}

// Each option with what follows it.
std::vector<std::vector<std::string>> one_by_one(const std::vector<std::string>& words) {
    std::vector<std::vector<std::string>> groups;
    for (const std::string& word : words) {
        if (groups.empty() || word.starts_with('-')) groups.emplace_back();
        groups.back().push_back(word);
    }
    return groups;
}

void read_values(const Texts& texts, Options& options) {
    if (!texts.threads.empty()) {
        const auto number = ascii::parse_number<unsigned>(texts.threads);
        if (number && *number >= 1 && *number <= kMaxThreads)
            options.threads = *number;
        else
            options.problems.push_back("option -t: '" + texts.threads +
                                       "' is no number from 1 to " + std::to_string(kMaxThreads) +
                                       "; " + std::to_string(options.threads) + " is used");
    }
    if (!texts.timeout.empty()) {
        if (const auto number = ascii::parse_number<unsigned>(texts.timeout))
            options.timeout = std::chrono::seconds(*number);
        else
            options.problems.push_back("option -w: '" + texts.timeout +
                                       "' is no number of seconds; none is used");
    }
    if (!texts.markets.empty()) {
        options.markets.emplace();
        for (const std::string_view type : ascii::split(texts.markets, ", \t"))
            options.markets->emplace(type);
    }
    options.proxy = texts.proxy;
}

}  // namespace

Options parse_options(std::vector<std::string> arguments) {
    if (arguments.size() == 1) {
        std::vector<std::string> words;
        for (const std::string_view word : ascii::split(arguments.front(), " \t\r\n"))
            words.emplace_back(word);
        arguments = std::move(words);
    }
    Options options;
    Texts texts;
    try {
        read_words(arguments, texts, options);
    } catch (const CLI::Error& error) {
        // One wrong option must not cost the others: each by itself then.
        options.problems.push_back(std::string("command line: ") + error.what());
        for (const std::vector<std::string>& words : one_by_one(arguments)) {
            try {
                read_words(words, texts, options);
            } catch (const CLI::Error&) {
                // Said above, or alike.
            }
        }
    }
    read_values(texts, options);
    // What was to be the proxy's address, and stands behind another letter.
    for (std::string& problem : options.problems) hide_credentials(problem);
    return options;
}

std::string options_help() {
    Options options;
    Texts texts;
    CLI::App app{
        "Market driver for OpenNebula's oned, which starts it and talks to it over stdin and "
        "stdout.\nBy hand: type INIT, then ACTION ID BASE64, then FINALIZE.",
        "onemarketd"};
    declare(app, texts, options);
    return app.help();
}

}  // namespace onemarket
