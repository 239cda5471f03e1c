// SPDX-License-Identifier: Apache-2.0
// onemarketctl import, delete, monitor.
#include "daemon/ctl/actions.h"

#include <cstdio>
#include <cstdlib>
#include <memory>

#include "daemon/ctl/commands/commands.h"
#include "daemon/ctl/commands/common.h"
#include "daemon/ctl/decoder.h"
#include "daemon/ctl/drivers_options.h"
#include "daemon/environment.h"
#include "daemon/installation.h"
#include "daemon/interrupts.h"
#include "protocol/reply.h"

namespace onemarket {
namespace {

int act(Action action, const std::string& file, Lists lists) {
    const Given given = parse_given(action, read_input(file));
    std::string type;
    if (const Result<DriverMessage> message = DriverMessage::decode(given.payload))
        type = message->text("MARKETPLACE/MARKET_MAD").value_or("");
    const Environment environment = current_environment();
    warn_root(environment);
    const Installation installation(options_by_hand(environment, type), environment);
    const Interrupts interrupts;
    Outcome outcome = run_action(*installation.services(), action, given, interrupts.stop_token());
    if (lists == Lists::unfolded) outcome.text = unfold(outcome.text);
    outcome.text = outcome.text.empty() ? "done" : safe_lines(outcome.text);
    if (!outcome.text.ends_with('\n')) outcome.text += '\n';
    // An import's SOURCE is told somewhere.
    if (!outcome.success || !print(outcome.text))
        std::fprintf(stderr, "%s%s", outcome.success ? "" : "failed: ", outcome.text.c_str());
    return outcome.success ? EXIT_SUCCESS : EXIT_FAILURE;
}

void add(CLI::App& app, int& status, Action action, const std::string& name,
         const std::string& help) {
    struct Arguments {
        std::string file;
        bool raw = false;
    };
    const auto given = std::make_shared<Arguments>();
    CLI::App* command = app.add_subcommand(name, help);
    command->add_option("FILE", given->file, kMessageHelp)->required();
    if (action == Action::monitor) command->add_flag("--raw", given->raw, kRawHelp);
    command->callback([&status, action, given] {
        status = act(action, given->file, given->raw ? Lists::raw : Lists::unfolded);
    });
}

}  // namespace

void add_actions(CLI::App& app, int& status) {
    add(app, status, Action::import, "import", "Run one IMPORT by hand");
    add(app, status, Action::remove, "delete", "Run one DELETE by hand");
    add(app, status, Action::monitor, "monitor", "Run one MONITOR by hand");
}

}  // namespace onemarket
