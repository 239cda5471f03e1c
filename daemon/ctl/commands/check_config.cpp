// SPDX-License-Identifier: Apache-2.0
// onemarketctl check-config: what `onemarketd --check-config` says, from PATH.
#include <cstdlib>
#include <memory>

#include "daemon/ctl/commands/commands.h"
#include "daemon/ctl/commands/common.h"
#include "daemon/ctl/drivers_options.h"
#include "daemon/environment.h"
#include "daemon/installation.h"
#include "daemon/text_file.h"

namespace onemarket {

void add_check_config(CLI::App& app, int& status) {
    const auto given = std::make_shared<std::string>();
    CLI::App* command =
        app.add_subcommand("check-config", "Say what is wrong with onemarketd.conf");
    command->add_option("FILE", *given, "Another onemarketd.conf than the installation's");
    command->callback([&status, given] {
        if (!given->empty()) (void)read_text_file(*given);  // who names one means one that is there
        const Environment environment = current_environment();
        const Installation installation(drivers_options(environment), environment, false, *given);
        print(safe_lines(installation.verdict()));
        status = installation.problems().empty() ? EXIT_SUCCESS : EXIT_FAILURE;
    });
}

}  // namespace onemarket
