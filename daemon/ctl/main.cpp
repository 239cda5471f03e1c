// SPDX-License-Identifier: Apache-2.0
// onemarketctl: the operator's command.
#include <fcntl.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <sstream>

#include "daemon/ctl/commands/commands.h"
#include "daemon/ctl/commands/common.h"
#include "daemon/process.h"
#include "daemon/version.h"
#include "protocol/error.h"

namespace onemarket {
namespace {

// What the library says of one that is not known is about the arguments behind it.
void check_command(const CLI::App& app, const std::string& word) {
    if (word.starts_with('-')) return;
    const auto known = app.get_subcommands([](const CLI::App*) { return true; });
    if (std::none_of(known.begin(), known.end(),
                     [&](const CLI::App* command) { return command->get_name() == word; }))
        throw Error(ErrorKind::bad_request,
                    "unknown command '" + word + "'; onemarketctl --help lists them");
}

int main_of(int argc, char** argv) {
    hold_standard_descriptors(O_RDONLY);
    forbid_core_dumps();
    reset_signals();
    CLI::App app{"Works with onemarketd, the marketplace driver of OpenNebula.", "onemarketctl"};
    app.set_version_flag("--version", std::string("onemarketctl ") + kVersion);
    app.require_subcommand(1);
    int status = EXIT_FAILURE;
    for (const AddCommand add : kCommands) add(app, status);
    check_command(app, argc > 1 ? argv[1] : "-");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& parsed) {  // --help, too
        std::ostringstream text;
        status = app.exit(parsed, text, std::cerr);
        print(text.str());
    }
    return exit_status(status);
}

}  // namespace
}  // namespace onemarket

int main(int argc, char** argv) {
    try {
        return onemarket::main_of(argc, argv);
    } catch (const std::exception& error) {
        onemarket::complain(error.what());
        return EXIT_FAILURE;
    }
}
