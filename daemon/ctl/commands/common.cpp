// SPDX-License-Identifier: Apache-2.0
#include "daemon/ctl/commands/common.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <iterator>

#include "daemon/environment.h"
#include "daemon/interrupts.h"
#include "daemon/text_file.h"
#include "protocol/reply.h"

namespace onemarket {
namespace {

// From the last progress.
constexpr TimeLimit kLookLimit{std::chrono::minutes(5), true};

int print_error = 0;  // the first errno of print()

}  // namespace

std::string read_input(const std::string& file) {
    if (file == "-") return {std::istreambuf_iterator<char>(std::cin), {}};
    return read_text_file(file);
}

bool print(std::string_view text) {
    if (print_error == 0 && (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() ||
                             std::fflush(stdout) != 0))
        print_error = errno;
    return print_error == 0;
}

void complain(std::string_view text) {
    std::fprintf(stderr, "onemarketctl: %s\n", one_line(text).c_str());
}

int exit_status(int status) {
    if (print_error == 0) return status;
    if (print_error != EPIPE) complain(system_error(print_error, "stdout").what());
    return std::max(status, EXIT_FAILURE);
}

int unless_it_fails(const std::function<int()>& act) {
    try {
        return act();
    } catch (const std::exception& error) {
        complain(error.what());
        return kNotDone;
    }
}

int look_at(const std::string& market, const Look& act) {
    return unless_it_fails([&] {
        const Environment environment = current_environment();
        const MarketMessages messages(Layout::of(value_of(environment, "ONE_LOCATION")).state());
        Options options;
        options.markets.emplace();
        const KnownMarket known = known_market(market, messages, [] { return read_input("-"); });
        options.markets->insert(known.message.text("MARKETPLACE/MARKET_MAD").value_or(""));
        const Installation installation(options, environment);
        ToolLog log(known.message.secrets());
        const Interrupts interrupts;
        Context context(known.id, interrupts.stop_token(), kLookLimit, log);
        try {
            const auto backend = installation.services()->backend(known.message);
            return act(installation, *backend, known, context);
        } catch (const Error& error) {
            throw Error(error.kind(), log.safe(error.what()));
        }
    });
}

}  // namespace onemarket
