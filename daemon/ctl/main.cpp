// SPDX-License-Identifier: Apache-2.0
// onemarketctl: the operator's command.
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iostream>
#include <iterator>

#include "daemon/ctl/actions.h"
#include "daemon/ctl/decoder.h"
#include "daemon/ctl/downloader_wrapper.h"
#include "daemon/ctl/gc.h"
#include "daemon/ctl/verify.h"
#include "daemon/environment.h"
#include "daemon/installation.h"
#include "daemon/interrupts.h"
#include "daemon/journal.h"
#include "daemon/state_folder.h"
#include "daemon/text_file.h"
#include "daemon/version.h"

namespace onemarket {
namespace {

// gc and verify: from the last progress.
constexpr TimeLimit kLookLimit{std::chrono::minutes(5), true};

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

void print(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);  // what takes hours is to be seen
}

// The last line of a terminal, written over and over.
void show_progress(std::string_view text) {
    std::fprintf(stderr, "\r\033[K%.*s", static_cast<int>(text.size()), text.data());
}

// What gc and verify have in common: a marketplace, looked at with nobody's request.
int look_at(const std::string& market,
            const std::function<int(const Installation&, const Backend&, const KnownMarket&,
                                    Context&)>& act) {
    try {
        const Environment environment = current_environment();
        const MarketMessages messages(Layout::of(value_of(environment, "ONE_LOCATION")).state());
        Options options;
        options.markets.emplace();
        const KnownMarket known = known_market(market, messages, [] { return read_input("-"); });
        options.markets->insert(known.message.text("MARKETPLACE/MARKET_MAD").value_or(""));
        const Installation installation(options, environment);
        ToolLog log(known.message.secrets());
        const Interrupts interrupts;
        Context context(known.id, interrupts.stop_token(), kLookLimit, log);
        try {
            const auto backend = installation.services().backend(known.message);
            return act(installation, *backend, known, context);
        } catch (const Error& error) {
            throw Error(error.kind(), log.safe(error.what()));
        }
    } catch (const std::exception& error) {
        std::fprintf(stderr, "onemarketctl: %s\n", error.what());
        return kNotDone;
    }
}

int gc(const std::string& market, const GcOptions& options) {
    return look_at(market, [&](const Installation& installation, const Backend& backend,
                               const KnownMarket& known, Context& context) {
        const auto journalled =
            journalled_apps(StateFolder(installation.layout().state()).journal());
        const auto inventory = backend.inventory(known.message, context);
        return collect_garbage(*inventory, known, journalled, options, print, context);
    });
}

int verify_market(const std::string& market, bool json) {
    return look_at(market, [&](const Installation&, const Backend& backend,
                               const KnownMarket& known, Context& context) {
        const bool terminal = ::isatty(STDERR_FILENO) == 1;
        VerifyOutput output{print, {}, json};
        if (terminal) {
            output.progress = show_progress;
            output.print = [](std::string_view text) {
                show_progress("");
                print(text);
            };
        }
        return verify([&] { return backend.inventory(known.message, context); }, known, output,
                      context);
    });
}

// Beside this program, unless it is said where.
std::string downloader_program(const std::string& given) {
    if (!given.empty()) return std::filesystem::absolute(given).string();
    return (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "onemarket-downloader")
        .string();
}

int wrap_downloader(bool install, const std::string& program, bool force) {
    const Layout layout = Layout::of(value_of(current_environment(), "ONE_LOCATION"));
    DownloaderWrapper wrapper(layout.remotes + "/datastore", downloader_program(program));
    std::printf("%s\n", (install ? wrapper.install(force) : wrapper.remove(force)).c_str());
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
    std::string market, older = "1d";
    GcOptions gc_options;
    const auto add_market = [&](const std::string& name, const std::string& help) {
        CLI::App* command = app.add_subcommand(name, help);
        command
            ->add_option("MARKET", market,
                         "A marketplace's id, or a file with a MONITOR message of it; - is stdin")
            ->required();
        command->add_flag("--json", gc_options.json, "Print one JSON document");
        return command;
    };
    CLI::App* collector = add_market("gc", "Show what a marketplace holds that oned does not know");
    collector->add_flag("--delete", gc_options.remove, "Remove it");
    collector->add_option(
        "--older", older,
        "Leave younger temporaries and pending uploads alone: 90s, 15m, 12h; default 1d");
    const CLI::App* verifier =
        add_market("verify", "Read a marketplace's images again and compare them");
    CLI::App* downloader =
        app.add_subcommand("downloader", "Let datastores fetch images by onemarket-downloader");
    downloader->require_subcommand(1);
    const CLI::App* installer = downloader->add_subcommand(
        "install", "Put a wrapper in the place of remotes/datastore/downloader.sh");
    downloader->add_subcommand("remove", "Put the site's own downloader.sh back");
    std::string program;
    bool force = false;
    for (CLI::App* command : downloader->get_subcommands({})) {
        command->add_option("--program", program,
                            "onemarket-downloader, where it is not beside "
                            "onemarketctl");
        command->add_flag("--force", force, "Drop what was changed since");
    }
    CLI11_PARSE(app, argc, argv);
    if (*downloader) return wrap_downloader(bool(*installer), program, force);
    if (*verifier) return verify_market(market, gc_options.json);
    if (*collector) {
        const auto span = parse_span(older);
        if (!span) {
            std::fprintf(stderr,
                         "onemarketctl: --older %s: expected a number with its unit: 12h or 1d\n",
                         older.c_str());
            return kNotDone;
        }
        gc_options.older = *span;
        return gc(market, gc_options);
    }
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
