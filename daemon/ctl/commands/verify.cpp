// SPDX-License-Identifier: Apache-2.0
// onemarketctl verify.
#include "daemon/ctl/verify.h"

#include <unistd.h>

#include <cstdio>
#include <memory>

#include "daemon/ctl/commands/commands.h"
#include "daemon/ctl/commands/common.h"
#include "protocol/reply.h"

namespace onemarket {
namespace {

// The last line of a terminal, written over and over.
void show_progress(std::string_view text) {
    std::fprintf(stderr, "\r\033[K%s", one_line(text).c_str());
}

int verify_market(const std::string& market, bool json) {
    return look_at(market, [&](const Installation&, const Backend& backend,
                               const KnownMarket& known, Context& context) {
        const bool terminal = ::isatty(STDERR_FILENO) == 1;
        VerifyOutput output{print, {}, json};
        if (terminal) {
            output.progress = show_progress;
            output.print = [](std::string_view text) {
                show_progress("");
                print(text);
            };
        }
        return verify([&] { return backend.inventory(known.message, context); }, known, output,
                      context);
    });
}

}  // namespace

void add_verify(CLI::App& app, int& status) {
    struct Arguments {
        std::string market;
        bool json = false;
    };
    const auto given = std::make_shared<Arguments>();
    CLI::App* command =
        app.add_subcommand("verify", "Read a marketplace's images again and compare them");
    command->add_option("MARKET", given->market, kMarketHelp)->required();
    command->add_flag("--json", given->json, kJsonHelp);
    command->callback([&status, given] { status = verify_market(given->market, given->json); });
}

}  // namespace onemarket
