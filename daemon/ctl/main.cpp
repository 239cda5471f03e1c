// SPDX-License-Identifier: Apache-2.0
// onemarketctl: the operator's command.
#include <signal.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <iterator>

#include "daemon/ctl/actions.h"
#include "daemon/ctl/decoder.h"
#include "daemon/ctl/interrupts.h"
#include "daemon/environment.h"
#include "daemon/installation.h"
#include "daemon/text_file.h"
#include "daemon/version.h"

namespace onemarket {
namespace {

std::string read_input(const std::string& file) {
    if (file == "-") return {std::istreambuf_iterator<char>(std::cin), {}};
    return read_text_file(file);
}

int act(Action action, const std::string& file, Lists lists) {
    const Given given = parse_given(action, read_input(file));
    // Whoever asks by hand means this type, whatever the driver was told to serve.
    Options options;
    options.markets.emplace();
    if (const Result<DriverMessage> message = DriverMessage::decode(given.payload))
        options.markets->insert(message->text("MARKETPLACE/MARKET_MAD").value_or(""));
    const Installation installation(options, current_environment());
    const Interrupts interrupts;
    Outcome outcome = run_action(installation.services(), action, given, interrupts.stop_token());
    if (lists == Lists::unfolded) outcome.text = unfold(outcome.text);
    std::FILE* to = outcome.success ? stdout : stderr;
    std::fprintf(to, "%s%s%s", outcome.success ? "" : "failed: ",
                 outcome.text.empty() ? "done" : outcome.text.c_str(),
                 outcome.text.ends_with('\n') ? "" : "\n");
    return outcome.success ? EXIT_SUCCESS : EXIT_FAILURE;
}

int decode(const std::string& file, Lists lists) {
    std::istringstream lines(read_input(file));
    for (std::string line; std::getline(lines, line);)
        std::printf("%s\n", decode_line(line, lists).c_str());
    return EXIT_SUCCESS;
}

int main_of(int argc, char** argv) {
    ::signal(SIGPIPE, SIG_IGN);  // a script need not read what it is given
    CLI::App app{"Works with onemarketd, the marketplace driver of OpenNebula.", "onemarketctl"};
    app.set_version_flag("--version", std::string("onemarketctl ") + kVersion);
    app.require_subcommand(1);
    std::string file;
    const auto add = [&](const std::string& name, const std::string& help) {
        CLI::App* command = app.add_subcommand(name, help);
        command
            ->add_option("FILE", file,
                         "A driver message: a line to the driver, its base64, or XML; - is stdin")
            ->required();
        return command;
    };
    const CLI::App* import = add("import", "Run one IMPORT by hand");
    const CLI::App* remove = add("delete", "Run one DELETE by hand");
    CLI::App* monitor = add("monitor", "Run one MONITOR by hand");
    CLI::App* decoder = add("decode", "Show lines of the protocol with their base64 decoded");
    bool raw = false;
    for (CLI::App* command : {monitor, decoder})
        command->add_flag("--raw", raw, "Leave the base64 within lists of apps as it is");
    CLI11_PARSE(app, argc, argv);
    const Lists lists = raw ? Lists::raw : Lists::unfolded;
    if (*import) return act(Action::import, file, lists);
    if (*remove) return act(Action::remove, file, lists);
    if (*monitor) return act(Action::monitor, file, lists);
    return *decoder ? decode(file, lists) : EXIT_FAILURE;
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
