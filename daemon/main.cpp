// SPDX-License-Identifier: Apache-2.0
// onemarketd: the process oned spawns as its MARKET_MAD.
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "backends/io/subprocess.h"
#include "daemon/dispatcher.h"
#include "daemon/environment.h"
#include "daemon/installation.h"
#include "daemon/log.h"
#include "daemon/options.h"
#include "daemon/process.h"
#include "daemon/version.h"

namespace onemarket {
namespace {

// A private copy of oned's pipe; its well-known number then leads nowhere, so that a stray print of
// some library cannot speak to oned.
UniqueFd take_over(int number) {
    UniqueFd copy(::fcntl(number, F_DUPFD_CLOEXEC, 3));
    const UniqueFd nowhere(::open("/dev/null", O_RDWR | O_CLOEXEC));
    if (!copy || !nowhere || ::dup2(nowhere.get(), number) < 0)
        throw system_error(errno, "descriptor " + std::to_string(number));
    return copy;
}

int check_config(const Installation& installation) {
    std::printf("%s", installation.verdict().c_str());
    return installation.problems().empty() ? EXIT_SUCCESS : EXIT_FAILURE;
}

// As the stock driver's wrapper does it: the folder is VAR, the niceness PRIORITY more.
std::vector<std::string> take_place(const Installation& installation) {
    std::vector<std::string> problems;
    if (::chdir(installation.layout().var.c_str()) != 0)
        problems.push_back(system_error(errno, installation.layout().var).what());
    errno = 0;
    if (::nice(installation.priority()) == -1 && errno != 0)
        problems.push_back(system_error(errno, "niceness").what());
    return problems;
}

int serve(const Options& options, Installation& installation) {
    forbid_core_dumps();
    keep_out_others();
    reset_signals();
    for (const int number : {SIGTERM, SIGINT}) ::signal(number, SIG_DFL);
    Dispatcher::Setup setup;
    setup.in = take_over(STDIN_FILENO);
    setup.out = take_over(STDOUT_FILENO);
    setup.import_threads = options.threads;
    setup.sync = options.sync;
    setup.state = installation.layout().state();

    std::vector<std::string> problems = installation.problems();
    for (std::string& problem : take_place(installation)) problems.push_back(std::move(problem));
    const Config& config = installation.services()->config;
    LogFile log(installation.layout().log + "/onemarketd.log", config.log_level,
                config.log_megabytes, config.log_files);
    if (!log.problem().empty()) problems.push_back("no log file: " + log.problem());
    log.write(LogLevel::info,
              std::string("onemarketd ") + kVersion + " starts, pid " + std::to_string(::getpid()));

    std::optional<Dispatcher> dispatcher;
    int status = EXIT_FAILURE;
    try {
        dispatcher.emplace(std::move(setup), installation, log);
        for (const std::string& problem : problems) dispatcher->tell(LogLevel::error, problem);
        if (dispatcher->run()) return EXIT_SUCCESS;
        status = EXIT_SUCCESS;  // all but what could not be stopped
    } catch (const std::exception&) {
        log.write(LogLevel::error, std::string("stopped by ") + caught_error().what());
    }
    // Without the destructor, which waits for every worker.
    kill_all_subprocesses();
    ::_exit(status);
}

int main_of(int argc, char** argv) {
    hold_standard_descriptors(O_RDWR);  // oned closes fd 2 before exec
    // Few arenas: a thread's own costs megabytes, and no thread here allocates much.
    ::mallopt(M_ARENA_MAX, 2);
    // Large buffers go back to the system at once. By itself glibc keeps up to 32 MiB of each kind
    // for the next one, where small pieces of others settle in between.
    constexpr int large = 64 << 10;  // an image's buffers among them
    ::mallopt(M_MMAP_THRESHOLD, large);
    const Options options = parse_options({argv + 1, argv + argc});
    hide_credentials(argc, argv);
    if (options.help) return std::printf("%s", options_help().c_str()) < 0;
    if (options.version) return std::printf("onemarketd %s\n", kVersion) < 0;
    Installation installation(options, current_environment(), true);
    if (options.check_config) return check_config(installation);
    return serve(options, installation);
}

}  // namespace
}  // namespace onemarket

int main(int argc, char** argv) {
    try {
        return onemarket::main_of(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "onemarketd: %s\n", error.what());
        return EXIT_FAILURE;
    }
}
