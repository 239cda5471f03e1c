// SPDX-License-Identifier: Apache-2.0
// onemarketctl downloader.
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "daemon/ctl/commands/commands.h"
#include "daemon/ctl/commands/common.h"
#include "daemon/ctl/downloader_wrapper.h"
#include "daemon/environment.h"
#include "daemon/layout.h"

namespace onemarket {
namespace {

// Beside this program, unless it is said where.
std::string downloader_program(const std::string& given) {
    if (!given.empty()) return std::filesystem::absolute(given).string();
    return (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "onemarket-downloader")
        .string();
}

}  // namespace

void add_downloader(CLI::App& app, int& status) {
    struct Arguments {
        std::string program;
        bool force = false;
    };
    const auto given = std::make_shared<Arguments>();
    CLI::App* downloader =
        app.add_subcommand("downloader", "Let datastores fetch images by onemarket-downloader");
    downloader->require_subcommand(1);
    const auto add = [&](const std::string& name, const std::string& help,
                         std::string (DownloaderWrapper::*step)(bool)) {
        CLI::App* command = downloader->add_subcommand(name, help);
        command->add_option("--program", given->program,
                            "onemarket-downloader, where it is not beside onemarketctl");
        command->add_flag("--force", given->force, "Drop what was changed since");
        command->callback([&status, given, step] {
            const Layout layout = layout_of(current_environment());
            DownloaderWrapper wrapper(layout.remotes + "/datastore",
                                      downloader_program(given->program));
            print((wrapper.*step)(given->force) + "\n");
            status = EXIT_SUCCESS;
        });
    };
    add("install", "Put a wrapper in the place of remotes/datastore/downloader.sh",
        &DownloaderWrapper::install);
    add("remove", "Put the site's own downloader.sh back", &DownloaderWrapper::remove);
}

}  // namespace onemarket
