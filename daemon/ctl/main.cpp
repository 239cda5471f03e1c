// SPDX-License-Identifier: Apache-2.0
// onemarketctl: the operator's command.
#include <signal.h>

#include <cstdio>
#include <cstdlib>

#include "daemon/ctl/commands/commands.h"
#include "daemon/version.h"

namespace onemarket {
namespace {

int main_of(int argc, char** argv) {
    ::signal(SIGPIPE, SIG_IGN);  // a script need not read what it is given
    CLI::App app{"Works with onemarketd, the marketplace driver of OpenNebula.", "onemarketctl"};
    app.set_version_flag("--version", std::string("onemarketctl ") + kVersion);
    app.require_subcommand(1);
    int status = EXIT_FAILURE;
    for (const AddCommand add : kCommands) add(app, status);
    CLI11_PARSE(app, argc, argv);
    return status;
}

}  // namespace
}  // namespace onemarket

int main(int argc, char** argv) {
    try {
        return onemarket::main_of(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "onemarketctl: %s\n", error.what());
        return EXIT_FAILURE;
    }
}
