// SPDX-License-Identifier: Apache-2.0
// onemarketctl gc.
#include "daemon/ctl/gc.h"

#include <memory>

#include "daemon/ctl/commands/commands.h"
#include "daemon/ctl/commands/common.h"
#include "daemon/journal.h"
#include "daemon/state_folder.h"

namespace onemarket {
namespace {

int gc(const std::string& market, const GcOptions& options) {
    return look_at(market, [&](const Installation& installation, const Backend& backend,
                               const KnownMarket& known, Context& context) {
        const auto journalled =
            journalled_apps(StateFolder(installation.layout().state()).journal());
        const auto inventory = backend.inventory(known.message, context);
        return collect_garbage(*inventory, known, journalled, options, print, context);
    });
}

}  // namespace

void add_gc(CLI::App& app, int& status) {
    struct Arguments {
        std::string market, older = "1d";
        GcOptions options;
    };
    const auto given = std::make_shared<Arguments>();
    CLI::App* command =
        app.add_subcommand("gc", "Show what a marketplace holds that oned does not know");
    command->add_option("MARKET", given->market, kMarketHelp)->required();
    command->add_flag("--json", given->options.json, kJsonHelp);
    command->add_flag("--delete", given->options.remove, "Remove it");
    command->add_option(
        "--older", given->older,
        "Leave younger temporaries and pending uploads alone: 90s, 15m, 12h; default 1d");
    command->callback([&status, given] {
        const auto span = parse_span(given->older);
        if (!span) {
            complain("--older " + given->older + ": expected a number with its unit: 12h or 1d");
            status = kNotDone;
            return;
        }
        given->options.older = *span;
        status = gc(given->market, given->options);
    });
}

}  // namespace onemarket
