// SPDX-License-Identifier: Apache-2.0
// onemarketctl oned-conf.
#include "daemon/ctl/oned_conf.h"

#include <cstdlib>
#include <memory>

#include "daemon/ctl/commands/commands.h"
#include "daemon/ctl/commands/common.h"
#include "daemon/environment.h"
#include "daemon/layout.h"
#include "daemon/text_file.h"

namespace onemarket {
namespace {

constexpr const char* kRestart =
    "Before you restart oned: wait until no app is LOCKED (onemarketapp list), since neither "
    "driver goes on with the other's imports.\n"
    "Restart oned for it to take effect (systemctl restart opennebula).\n";

struct Arguments {
    std::string file;
    bool apply = false, revert = false, dry_run = false, force = false;
};

// What is wrong with a file is said with its name.
template <class Act>
auto naming(const std::string& file, const Act& act) {
    try {
        return act();
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::bad_request) throw;
        throw Error(error.kind(), file + ": " + error.what());
    }
}

// `named`: by who asked.
std::string block_for(const std::string& file, bool named) {
    std::string text;
    try {
        text = read_text_file(file);
    } catch (const Error& error) {
        if (named || error.kind() != ErrorKind::not_found) throw;
        return default_market_mad();
    }
    return naming(file, [&] { return OnedConf(text).block() + "\n"; });
}

std::string edit(const std::string& file, const Arguments& given) {
    const std::string before = read_text_file(file);
    const std::string after = naming(file, [&] {
        const OnedConf conf(before);
        return given.apply ? conf.applied(given.force) : conf.reverted(given.force);
    });
    if (after == before) return file + ": MARKET_MAD is onemarketd already\n";
    if (given.dry_run) return diff_of(file, before, after);
    rewrite_oned_conf(file, before, after);
    if (given.revert) return file + ": MARKET_MAD is no longer onemarketd\n" + kRestart;
    return file + ": MARKET_MAD is now onemarketd; a comment above it keeps what was there\n" +
           kRestart;
}

}  // namespace

void add_oned_conf(CLI::App& app, int& status) {
    const auto given = std::make_shared<Arguments>();
    CLI::App* command =
        app.add_subcommand("oned-conf", "Show the block MARKET_MAD for oned.conf, or write it");
    command->add_option("FILE", given->file, "Another oned.conf than the installation's");
    auto* apply = command->add_flag("--apply", given->apply, "Write this driver into it");
    auto* revert = command->add_flag("--revert", given->revert, "Put back what was there");
    apply->excludes(revert);
    command->add_flag("--dry-run", given->dry_run, "Only show what would be changed");
    command->add_flag("--force", given->force, "Also where it is somebody else's driver");
    command->callback([&status, given] {
        const Layout layout = layout_of(current_environment());
        const std::string file = given->file.empty() ? layout.etc + "/oned.conf" : given->file;
        if (given->dry_run && !given->apply && !given->revert)
            throw Error(ErrorKind::bad_request, "--dry-run is for --apply or --revert");
        print(given->apply || given->revert ? edit(file, *given)
                                            : block_for(file, !given->file.empty()));
        status = EXIT_SUCCESS;
    });
}

}  // namespace onemarket
