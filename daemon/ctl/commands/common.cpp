// SPDX-License-Identifier: Apache-2.0
#include "daemon/ctl/commands/common.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <iterator>

#include "daemon/ctl/asker.h"
#include "daemon/ctl/drivers_options.h"
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

void warn_root(const Environment& environment) {
    struct stat status {};
    const std::string var = layout_of(environment).var;
    if (::geteuid() != 0 || ::stat(var.c_str(), &status) != 0 || status.st_uid == 0) return;
    const std::string owner = user_name(status.st_uid);
    complain("warning: run this as " + owner + " (sudo -u " + owner +
             "): what is made here is root's, and what " + owner + " may not do is not seen");
}

int look_at(const std::string& market, const Look& act) {
    return unless_it_fails([&] {
        const Environment environment = current_environment();
        warn_root(environment);
        const MarketMessages messages(layout_of(environment).state());
        const KnownMarket known = known_market(market, messages, [] { return read_input("-"); });
        const std::string type = known.message.text("MARKETPLACE/MARKET_MAD").value_or("");
        const Installation installation(options_by_hand(environment, type), environment);
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
