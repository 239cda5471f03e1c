// SPDX-License-Identifier: Apache-2.0
// The subcommands of onemarketctl. Each has its file, which says its options and what it does.
#pragma once

#include <CLI/CLI.hpp>

namespace onemarket {

// Adds one to `app`, or some that are alike. What runs when it is chosen leaves the exit status in
// `status`, which outlives `app`, or throws.
using AddCommand = void (*)(CLI::App& app, int& status);

void add_actions(CLI::App& app, int& status);
void add_cancel(CLI::App& app, int& status);
void add_check(CLI::App& app, int& status);
void add_check_config(CLI::App& app, int& status);
void add_decode(CLI::App& app, int& status);
void add_doctor(CLI::App& app, int& status);
void add_downloader(CLI::App& app, int& status);
void add_gc(CLI::App& app, int& status);
void add_oned_conf(CLI::App& app, int& status);
void add_reload(CLI::App& app, int& status);
void add_status(CLI::App& app, int& status);
void add_verify(CLI::App& app, int& status);

// All of them, in the order of the help.
inline constexpr AddCommand kCommands[] = {
    add_status,  add_cancel, add_reload, add_check,  add_check_config, add_doctor,
    add_actions, add_decode, add_gc,     add_verify, add_downloader,   add_oned_conf,
};

}  // namespace onemarket
