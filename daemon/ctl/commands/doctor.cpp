// SPDX-License-Identifier: Apache-2.0
// onemarketctl doctor.
#include <memory>

#include "daemon/ctl/commands/commands.h"
#include "daemon/ctl/commands/common.h"
#include "daemon/ctl/doctor/examined.h"
#include "daemon/ctl/report.h"
#include "daemon/interrupts.h"

namespace onemarket {
namespace {

constexpr TimeLimit kLimit{std::chrono::minutes(10), false};

int doctor(bool hosts, bool json) {
    const Examined examined(current_environment(), hosts);
    std::vector<std::string> secrets;
    for (const MarketMessages::Kept& market : examined.markets)
        for (std::string& secret : market.message.secrets()) secrets.push_back(std::move(secret));
    ToolLog log(std::move(secrets));
    Report report(json, print, [&log](std::string_view text) { return log.safe(text); });
    const Interrupts interrupts;
    Context context(0, interrupts.stop_token(), kLimit, log);
    examine(examined, context, report.findings());
    return report.finish();
}

}  // namespace

void add_doctor(CLI::App& app, int& status) {
    struct Arguments {
        bool hosts = false, json = false;
    };
    const auto given = std::make_shared<Arguments>();
    CLI::App* command = app.add_subcommand("doctor", "Look whether the installation is well");
    command->add_flag("--hosts", given->hosts, "Connect to the hosts of BRIDGE_LISTs, too");
    command->add_flag("--json", given->json, kJsonHelp);
    command->callback([&status, given] {
        status = unless_it_fails([&] { return doctor(given->hosts, given->json); });
    });
}

}  // namespace onemarket
