// SPDX-License-Identifier: Apache-2.0
// The one file that includes Boost.Process. Version 1 of it, as Boost 1.81 has it, leaves two
// things to its user: it leaks descriptors into the child (closed in ChildSetup), and it leaves a
// zombie when exec fails (reaped in ChildSetup). Its waiting is not used at all: with a time limit
// it is not thread-safe.
#include "backends/io/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/process/args.hpp>
#include <boost/process/child.hpp>
#include <boost/process/env.hpp>
#include <boost/process/environment.hpp>
#include <boost/process/exe.hpp>
#include <boost/process/extend.hpp>
#include <cerrno>
#include <string_view>
#include <system_error>

#include "backends/io/umask.h"
#include "protocol/ascii.h"
#include "protocol/error.h"

namespace onemarket {
namespace {

namespace bp = boost::process;

// Room in the pipe of a process's output: with the 64 KiB there are by default the two keep waking
// each other. No more, since the pipes of a user share a limit (pipe(7), pipe-user-pages-soft).
constexpr int kOutputBytes = 256 << 10;

// What the process was started with, which the site's scripts count on. No other thread is there
// yet that could make a file meanwhile.
const mode_t kFirstUmask = current_umask();

struct Pipe {
    UniqueFd read_end;
    UniqueFd write_end;

    explicit Pipe(const std::string& program) {
        std::array<int, 2> fds{};
        if (::pipe2(fds.data(), O_CLOEXEC) != 0) throw system_error(errno, program + ": pipe");
        read_end.reset(fds[0]);
        write_end.reset(fds[1]);
    }
};

void set_nonblocking(int fd) {
    ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
}

// What the child does between fork and exec: system calls only, since other threads may have held
// any lock at the moment of the fork.
struct ChildSetup : bp::extend::handler {
    int in, out, err;
    const char* directory;

    template <class Executor>
    void on_exec_setup(Executor& executor) const {
        ::setpgid(0, 0);
        ::umask(kFirstUmask);
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
        sigset_t none;
        ::sigemptyset(&none);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);
        if (::chdir(directory) != 0) {
            executor.set_error(std::error_code(errno, std::system_category()), "chdir");
            ::_exit(127);
        }
        ::dup2(in, STDIN_FILENO);
        ::dup2(out, STDOUT_FILENO);
        ::dup2(err, STDERR_FILENO);
        close_others();
    }

    // exec failed: Boost has tried waitpid with WNOHANG, which mostly comes too early.
    template <class Executor>
    void on_error(Executor& executor, const std::error_code&) const {
        if (executor.pid > 0) ::waitpid(executor.pid, nullptr, 0);
    }

  private:
    static void close_others() {
        constexpr unsigned int close_on_exec = 1U << 2;  // CLOSE_RANGE_CLOEXEC
        if (::syscall(SYS_close_range, 3U, ~0U, close_on_exec) == 0) return;
        const long limit = ::sysconf(_SC_OPEN_MAX);  // a kernel before 5.11
        for (int fd = 3; fd < limit; ++fd) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    }
};

std::string find_program(const std::string& name, const std::vector<std::string>& environment) {
    if (name.find('/') != std::string::npos) return name;
    for (const std::string& variable : environment) {
        if (!variable.starts_with("PATH=")) continue;
        for (const std::string_view folder :
             ascii::split(std::string_view(variable).substr(5), ":")) {
            std::string path = std::string(folder) + "/" + name;
            struct stat status {};
            const bool file = ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
            if (file && ::access(path.c_str(), X_OK) == 0) return path;
        }
    }
    throw Error(ErrorKind::not_found, name + ": not found in PATH");
}

bp::environment to_environment(const std::vector<std::string>& variables) {
    bp::environment environment;
    for (const std::string& variable : variables) {
        const size_t equals = variable.find('=');
        if (equals != std::string::npos && equals > 0)
            environment[variable.substr(0, equals)] = variable.substr(equals + 1);
    }
    return environment;
}

// Returns the process id.
pid_t run(const std::string& path, const std::vector<std::string>& args,
          const bp::environment& environment, const ChildSetup& setup, std::error_code& error) {
    bp::child child(bp::exe = path, bp::args = args, environment, setup, error);
    child.detach();  // we wait for it ourselves
    return child.id();
}

}  // namespace

ChildProcess start_child(const std::vector<std::string>& argv,
                         const std::vector<std::string>& environment,
                         const std::string& directory) {
    const std::string path = find_program(argv.front(), environment);
    const bp::environment variables = to_environment(environment);
    Pipe input(path), output(path), errors(path);
    ::fcntl(output.write_end.get(), F_SETPIPE_SZ, kOutputBytes);  // or as much as there is
    ChildSetup setup;
    setup.in = input.read_end.get();
    setup.out = output.write_end.get();
    setup.err = errors.write_end.get();
    setup.directory = directory.c_str();

    ChildProcess child;
    std::error_code error;
    std::vector<std::string> args(argv.begin() + 1, argv.end());
    child.pid = run(path, args, variables, setup, error);
    if (error.value() == ENOEXEC) {  // no #! line
        args.insert(args.begin(), path);
        error.clear();
        child.pid = run("/bin/sh", args, variables, setup, error);
    }
    if (error) throw system_error(error.value(), path);
    child.in = std::move(input.write_end);
    child.out = std::move(output.read_end);
    child.err = std::move(errors.read_end);
    for (const UniqueFd* fd : {&child.in, &child.out, &child.err}) set_nonblocking(fd->get());
    return child;
}

}  // namespace onemarket
