// SPDX-License-Identifier: Apache-2.0
// onemarketd: the process oned spawns as its MARKET_MAD.
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <thread>

#include "backends/io/subprocess.h"
#include "daemon/config.h"
#include "daemon/dispatcher.h"
#include "daemon/environment.h"
#include "daemon/layout.h"
#include "daemon/log.h"
#include "daemon/options.h"
#include "daemon/services.h"
#include "daemon/version.h"
#include "protocol/ascii.h"

namespace onemarket {
namespace {

// oned closes fd 2 before exec. Left closed, the next file opened would be number 2, and stray
// writes to stderr would land in it.
void open_standard_descriptors() {
    int fd = 0;
    do fd = ::open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd > STDERR_FILENO) ::close(fd);
}

// oned blocks signals in its threads, and what they start inherits that; a shell may ignore SIGCHLD.
void reset_signals() {
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    for (const int number : {SIGTERM, SIGINT, SIGCHLD}) ::signal(number, SIG_DFL);
    ::signal(SIGPIPE, SIG_IGN);  // the end of oned is an error of write(2), not our death
    ::signal(SIGXFSZ, SIG_IGN);  // and so is a file over the limit
    ::signal(SIGHUP, SIG_IGN);
}

// A private copy of oned's pipe; its well-known number then leads nowhere, so that a stray print of
// some library cannot speak to oned.
UniqueFd take_over(int number) {
    UniqueFd copy(::fcntl(number, F_DUPFD_CLOEXEC, 3));
    const UniqueFd nowhere(::open("/dev/null", O_RDWR | O_CLOEXEC));
    if (!copy || !nowhere || ::dup2(nowhere.get(), number) < 0)
        throw system_error(errno, "descriptor " + std::to_string(number));
    return copy;
}

std::string read_file(const std::string& path) {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

int check_config(const Config& config, const std::string& file, const Options& options) {
    for (const auto* problems : {&options.problems, &config.problems})
        for (const std::string& problem : *problems) std::printf("%s\n", problem.c_str());
    if (!config.problems.empty() || !options.problems.empty()) return EXIT_FAILURE;
    std::printf("%s: %s\n", file.c_str(),
                ::access(file.c_str(), R_OK) == 0 ? "correct" : "missing, the defaults apply");
    return EXIT_SUCCESS;
}

// As the stock driver's wrapper does it: the folder is VAR, the niceness PRIORITY more.
void take_place(const Layout& layout, const Environment& environment,
                std::vector<std::string>& problems) {
    if (::chdir(layout.var.c_str()) != 0)
        problems.push_back(system_error(errno, layout.var).what());
    const auto priority = ascii::parse_number<int>(environment.at("PRIORITY"));
    errno = 0;
    if (!priority || (::nice(*priority) == -1 && errno != 0))
        problems.push_back("PRIORITY '" + environment.at("PRIORITY") + "' cannot be set");
}

Site make_site(const Layout& layout, const Config& config, const Options& options,
               const Environment& environment, std::vector<std::string>& problems) {
    Site site;
    site.remotes = layout.remotes;
    site.work_dir = ::access(layout.var.c_str(), X_OK) == 0 ? layout.var : "/";
    site.environment = to_list(environment);
    const std::string version = read_file(layout.remotes + "/VERSION");
    if (ascii::trim(version).empty())
        problems.push_back(layout.remotes +
                           "/VERSION is missing: scripts are called as the newest releases do");
    site.release = parse_release(version);
    site.export_stdin = options.export_stdin;
    site.max_script_output = config.script_output_megabytes << 20;
    return site;
}

size_t transfer_slots(const Config& config) {
    if (config.transfers > 0) return config.transfers;
    return std::max(1U, std::thread::hardware_concurrency());
}

int serve(const Options& options, const Layout& layout, Config config) {
    reset_signals();
    Dispatcher::Setup setup;
    setup.in = take_over(STDIN_FILENO);
    setup.out = take_over(STDOUT_FILENO);
    setup.import_threads = options.threads;
    setup.sync = options.sync;

    std::vector<std::string> problems = options.problems;
    problems.insert(problems.end(), config.problems.begin(), config.problems.end());
    const Environment environment = script_environment(
        current_environment(), parse_rc(read_file(layout.etc + "/defaultrc")), options.proxy);
    take_place(layout, environment, problems);
    const Site site = make_site(layout, config, options, environment, problems);
    LogFile log(layout.log + "/onemarketd.log", config.log_level, config.log_megabytes,
                config.log_files);
    if (!log.problem().empty()) problems.push_back("no log file: " + log.problem());

    TransferSlots transfers(transfer_slots(config));
    const bool own_limit = options.timeout.count() > 0;
    const Services services{config,
                            site,
                            options.markets,
                            transfers,
                            {options.timeout, true},
                            {own_limit ? options.timeout : config.monitor_timeout, false},
                            {own_limit ? options.timeout : config.delete_timeout, false}};
    log.write(LogLevel::info, std::string("onemarketd ") + kVersion + " starts, pid " +
                                  std::to_string(::getpid()));
    Dispatcher dispatcher(std::move(setup), services, log);
    for (const std::string& problem : problems) dispatcher.tell(LogLevel::error, problem);
    if (!dispatcher.run()) {
        kill_all_subprocesses();
        ::_exit(EXIT_SUCCESS);
    }
    return EXIT_SUCCESS;
}

int main_of(int argc, char** argv) {
    open_standard_descriptors();
    // Few arenas: a thread's own costs megabytes, and no thread here allocates much.
    ::mallopt(M_ARENA_MAX, 2);
    const Options options = parse_options({argv + 1, argv + argc});
    if (options.help) return std::printf("%s", options_help().c_str()) < 0;
    if (options.version) return std::printf("onemarketd %s\n", kVersion) < 0;
    const Layout layout = Layout::of(std::getenv("ONE_LOCATION"));
    const std::string file = layout.etc + "/onemarketd.conf";
    Config config = load_config(file);
    if (options.check_config) return check_config(config, file, options);
    return serve(options, layout, std::move(config));
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
