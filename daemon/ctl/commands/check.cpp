// SPDX-License-Identifier: Apache-2.0
// onemarketctl check.
#include "daemon/ctl/check.h"

#include <memory>

#include "daemon/ctl/commands/commands.h"
#include "daemon/ctl/commands/common.h"
#include "daemon/ctl/drivers_options.h"
#include "daemon/ctl/report.h"
#include "daemon/environment.h"
#include "daemon/interrupts.h"
#include "protocol/ascii.h"

namespace onemarket {
namespace {

// From the last progress.
constexpr TimeLimit kCheckLimit{std::chrono::minutes(2), true};

DriverMessage market_of(const std::string& given, const std::string& state) {
    if (const auto id = ascii::parse_number<ObjectId>(given))
        return kept_message(*id, MarketMessages(state)).message;
    return described_market(read_input(given));
}

int check(const std::string& given, bool json) {
    const Environment environment = current_environment();
    const DriverMessage message = market_of(given, layout_of(environment).state());
    const std::string type = message.text("MARKETPLACE/MARKET_MAD").value_or("");
    const Installation installation(options_by_hand(environment, type), environment);
    ToolLog log(message.secrets());
    Report report(json, print, [&log](std::string_view text) { return log.safe(text); });
    const Interrupts interrupts;
    Context context(message.market_id().value_or(0), interrupts.stop_token(), kCheckLimit, log);
    check_surroundings(installation.layout(), type, given, report.findings());
    try {
        installation.services()->backend(message)->check(message, context, report.findings());
    } catch (const Error& error) {
        throw Error(error.kind(), log.safe(error.what()));
    }
    return report.finish();
}

}  // namespace

void add_check(CLI::App& app, int& status) {
    struct Arguments {
        std::string market;
        bool json = false;
    };
    const auto given = std::make_shared<Arguments>();
    CLI::App* command = app.add_subcommand("check", "Try what a marketplace needs");
    command
        ->add_option("MARKET", given->market,
                     "A marketplace's id, or a file: its template, what `onemarket show -x` "
                     "prints, or a driver message; - is stdin")
        ->required();
    command->add_flag("--json", given->json, kJsonHelp);
    command->callback([&status, given] {
        status = unless_it_fails([&] { return check(given->market, given->json); });
    });
}

}  // namespace onemarket
