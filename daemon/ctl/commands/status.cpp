// SPDX-License-Identifier: Apache-2.0
// onemarketctl status, cancel, reload: what a running driver is asked for.
#include <sys/ioctl.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <memory>
#include <mutex>

#include "daemon/ctl/commands/commands.h"
#include "daemon/ctl/commands/common.h"
#include "daemon/ctl/control_client.h"
#include "daemon/ctl/status_view.h"
#include "daemon/environment.h"
#include "daemon/interrupts.h"
#include "daemon/layout.h"
#include "protocol/ascii.h"
#include "protocol/reply.h"

namespace onemarket {
namespace {

std::string state_folder() {
    return layout_of(current_environment()).state();
}

JsonValue status_of_driver() {
    const JsonValue answer = ask_driver_for(state_folder(), control_request("status"));
    const JsonValue* status = answer.find("status");
    if (status == nullptr) throw Error(ErrorKind::corrupt, "the driver's answer has no status");
    return *status;
}

// That of the terminal, as it is now; no end of it where stdout is none. The last line is the
// cursor's, and what is written to the last column not every terminal tells from what follows.
Screen screen() {
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row < 2 || size.ws_col < 2)
        return {};
    return {size.ws_row - size_t{1}, size.ws_col - size_t{1}};
}

// Home, and what was there goes line by line, so that nothing flickers.
std::string frame(std::string_view view) {
    std::string frame = "\033[H";
    for (const char c : view) frame += c == '\n' ? std::string("\033[K\n") : std::string(1, c);
    return frame + "\033[J";
}

// Until it is interrupted, the driver ends, or nobody looks any more. What is no terminal gets one
// after the other.
void watch() {
    const bool terminal = ::isatty(STDOUT_FILENO) == 1;
    const Interrupts interrupts;
    const std::stop_token stop = interrupts.stop_token();
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any never;
    while (!stop.stop_requested()) {
        const std::string view = status_view(status_of_driver(), screen());
        if (!print(terminal ? frame(view) : view + "\n")) return;
        never.wait_for(lock, stop, std::chrono::seconds(1), [] { return false; });
    }
}

}  // namespace

void add_status(CLI::App& app, int& status) {
    struct Arguments {
        bool json = false, watch = false;
    };
    const auto given = std::make_shared<Arguments>();
    CLI::App* command = app.add_subcommand("status", "Show what the running driver does");
    auto* json = command->add_flag("--json", given->json, kJsonHelp);
    command->add_flag("--watch", given->watch, "Show it anew every second, until Ctrl-C")
        ->excludes(json);
    command->callback([&status, given] {
        if (given->json)
            print(safe_lines(ask_driver(state_folder(), control_request("status"))) + "\n");
        else if (given->watch)
            watch();
        else
            print(status_view(status_of_driver()));
        status = EXIT_SUCCESS;
    });
}

void add_cancel(CLI::App& app, int& status) {
    // The library would take "" for 0, and "010" for 8.
    const auto given = std::make_shared<std::string>();
    CLI::App* command = app.add_subcommand("cancel", "End the import of an app; oned is told so");
    command->add_option("APP", *given, "The app's id")->required();
    command->callback([&status, given] {
        const auto id = ascii::parse_number<ObjectId>(*given);
        if (!id) throw Error(ErrorKind::bad_request, "'" + *given + "' is no app's id");
        ask_driver_for(state_folder(), control_request("cancel").add("app", *id));
        print("app " + std::to_string(*id) + ": cancelled\n");
        status = EXIT_SUCCESS;
    });
}

void add_reload(CLI::App& app, int& status) {
    CLI::App* command = app.add_subcommand("reload", "Let the driver read onemarketd.conf again");
    command->callback([&status] {
        ask_driver_for(state_folder(), control_request("reload"));
        print("done\n");
        status = EXIT_SUCCESS;
    });
}

}  // namespace onemarket
