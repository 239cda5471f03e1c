// SPDX-License-Identifier: Apache-2.0
#include "backends/io/subprocess.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <mutex>
#include <set>

#include "backends/io/child_process.h"
#include "backends/io/process_group.h"
#include "backends/io/unique_fd.h"

namespace onemarket {
namespace {

using Clock = Context::Clock;
using std::chrono::milliseconds;

constexpr milliseconds kLeftBehindGrace{500};  // for output of children that outlive the process
constexpr milliseconds kTermGrace{1000};       // between TERM and KILL
constexpr milliseconds kLookEvery{1000};       // for signs of life of a silent group
constexpr size_t kMaxStderrLine = size_t{64} << 10;
constexpr size_t kReadBytes = size_t{64} << 10;

// The groups alive, for kill_all_subprocesses().
class Groups {
  public:
    static Groups& all() {
        static Groups groups;
        return groups;
    }
    void add(pid_t group) {
        const std::lock_guard lock(mutex_);
        groups_.insert(group);
    }
    void remove(pid_t group) {
        const std::lock_guard lock(mutex_);
        groups_.erase(group);
    }
    void kill_all() {
        const std::lock_guard lock(mutex_);
        for (const pid_t group : groups_) ::kill(-group, SIGKILL);
    }

  private:
    std::mutex mutex_;
    std::set<pid_t> groups_;
};

// Wakes a poll when the request is stopped.
class StopSignal {
  public:
    explicit StopSignal(const std::stop_token& stop)
        : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), callback_(stop, Wake{fd_.get()}) {
        if (!fd_) throw system_error(errno, "eventfd");
    }
    int fd() const { return fd_.get(); }

  private:
    struct Wake {
        int fd;
        void operator()() const { (void)!::eventfd_write(fd, 1); }
    };
    UniqueFd fd_;
    std::stop_callback<Wake> callback_;
};

int milliseconds_until(Clock::time_point when) {
    const auto left = std::chrono::ceil<milliseconds>(when - Clock::now()).count();
    return static_cast<int>(std::clamp<decltype(left)>(left, 0, 60'000));
}

}  // namespace

std::string to_string(ExitStatus status) {
    if (status.signal != 0) return "killed by signal " + std::to_string(status.signal);
    return "failed with exit status " + std::to_string(status.code);
}

struct Subprocess::Running {
    Command command;
    pid_t pid = -1;
    UniqueFd in, out, err, pidfd;
    std::string_view to_send;  // to its stdin
    size_t late_bytes = 0;
    std::string stderr_line;
    std::optional<Clock::time_point> ended;   // since when the process is known to have ended
    ExitStatus status;                        // once it was reaped
    Clock::time_point looked = Clock::now();  // when group_io was read
    uint64_t group_io = 0;
    bool io_is_progress = true;

    explicit Running(Command what) : command(std::move(what)) {
        ChildProcess child = start_child(command.argv, command.environment, command.directory);
        pid = child.pid;
        in = std::move(child.in);
        out = std::move(child.out);
        err = std::move(child.err);
        Groups::all().add(pid);
        to_send = command.input;
        if (to_send.empty() && !command.keep_input) in.reset();
        // -1 on a kernel before 5.3: poll() then ignores it and wait_for_event() looks by itself.
        pidfd.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    }

    ~Running() { end_group(); }

    bool has_ended() {
        if (ended) return true;
        siginfo_t info{};
        // WNOWAIT: stays a zombie, so that its process group cannot be anyone else's.
        const int result =
            ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT);
        if (result == 0 && info.si_pid == pid) ended = Clock::now();
        return ended.has_value();
    }

    // One turn: waits until something happens or `until`, then feeds stdin and reads stderr.
    // Returns true when stdout has bytes or its end, which is no event unless it is `wanted`.
    bool turn(std::optional<Clock::time_point> until, int stop_fd, bool wanted = true) {
        constexpr int without_pidfd = 20;  // ms between two looks
        std::array<pollfd, 5> fds{{{wanted ? out.get() : -1, POLLIN, 0},
                                   {err.get(), POLLIN, 0},
                                   {to_send.empty() ? -1 : in.get(), POLLOUT, 0},
                                   {ended ? -1 : pidfd.get(), POLLIN, 0},
                                   {stop_fd, POLLIN, 0}}};
        int timeout = until ? milliseconds_until(*until) : -1;
        if (!pidfd && !ended)
            timeout = timeout < 0 ? without_pidfd : std::min(timeout, without_pidfd);
        if (::poll(fds.data(), fds.size(), timeout) < 0 && errno != EINTR)
            throw system_error(errno, "poll");
        if (fds[2].revents != 0) feed();
        if (fds[1].revents != 0) read_stderr();
        has_ended();
        return fds[0].revents != 0;
    }

    void feed() {
        const ssize_t sent = ::write(in.get(), to_send.data(), to_send.size());
        if (sent > 0) to_send.remove_prefix(static_cast<size_t>(sent));
        // A process that does not want its input (EPIPE) need not have it.
        const bool refused = sent < 0 && errno != EAGAIN && errno != EINTR;
        if (refused) to_send = {};
        if (refused || (to_send.empty() && !command.keep_input)) in.reset();
    }

    void read_stderr() {
        std::array<char, kReadBytes> buffer;
        const ssize_t got = ::read(err.get(), buffer.data(), buffer.size());
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (got <= 0) {
            if (!stderr_line.empty()) command.on_stderr_line(stderr_line);
            stderr_line.clear();
            err.reset();
            return;
        }
        for (const char c : std::string_view(buffer.data(), static_cast<size_t>(got))) {
            if (c != '\n' && stderr_line.size() < kMaxStderrLine) {
                stderr_line += c;
                continue;
            }
            command.on_stderr_line(stderr_line);
            stderr_line.assign(c == '\n' ? 0 : 1, c);
        }
    }

    // When the current wait must come back by itself.
    std::optional<Clock::time_point> next_event(const Context& context) const {
        std::optional<Clock::time_point> when = context.deadline();
        const auto earlier = [&when](Clock::time_point other) {
            when = when ? std::min(*when, other) : other;
        };
        if (ended) earlier(*ended + kLeftBehindGrace);
        if (context.watches_progress()) earlier(looked + kLookEvery);
        return when;
    }

    // Throws when the request should end, after the group was stopped. A script that copies
    // without a word makes progress too.
    void check(Context& context) {
        if (context.watches_progress() && Clock::now() >= looked + kLookEvery) {
            looked = Clock::now();
            const uint64_t io = group_io_bytes(pid);
            if (io_is_progress && io != group_io) context.progress();
            group_io = io;
        }
        try {
            context.check(command.awaited);
        } catch (const Error&) {
            end_group();
            throw;
        }
    }

    bool grace_is_over() const { return ended && Clock::now() >= *ended + kLeftBehindGrace; }

    // Bytes read since the grace was over. What the process itself had written when it ended was no
    // more than the pipe holds, and a slow reader must get all of that; what comes behind it is
    // from children it left.
    bool only_left_behind_write() const {
        return grace_is_over() &&
               late_bytes >= static_cast<size_t>(::fcntl(out.get(), F_GETPIPE_SZ));
    }
    void count(size_t bytes) {
        if (grace_is_over()) late_bytes += bytes;
    }

    // Stops whatever is left of the group, then reaps the process.
    ExitStatus end_group() {
        if (pid < 0) return status;
        if (!has_ended()) {
            ::kill(-pid, SIGTERM);
            ::kill(-pid, SIGCONT);  // a stopped process would not see it
            const Clock::time_point give_up = Clock::now() + kTermGrace;
            while (!has_ended() && Clock::now() < give_up) {
                pollfd fd{pidfd.get(), POLLIN, 0};
                ::poll(&fd, 1, pidfd ? milliseconds_until(give_up) : 20);
            }
        }
        ::kill(-pid, SIGKILL);
        Groups::all().remove(pid);
        int word = 0;
        while (::waitpid(pid, &word, 0) < 0 && errno == EINTR) {
        }
        pid = -1;
        if (!ended) ended = Clock::now();
        status =
            WIFSIGNALED(word) ? ExitStatus{0, WTERMSIG(word)} : ExitStatus{WEXITSTATUS(word), 0};
        return status;
    }
};

Subprocess::Subprocess(Command command) : running_(std::make_unique<Running>(std::move(command))) {}
Subprocess::~Subprocess() = default;
Subprocess::Subprocess(Subprocess&&) noexcept = default;

size_t Subprocess::read(std::span<std::byte> buffer, Context& context) {
    const StopSignal stop(context.stop_token());
    while (running_->out) {
        running_->check(context);
        if (!running_->turn(running_->next_event(context), stop.fd())) {
            if (running_->grace_is_over()) break;
            continue;
        }
        if (running_->only_left_behind_write()) break;
        const ssize_t got = ::read(running_->out.get(), buffer.data(), buffer.size());
        if (got > 0) {
            running_->count(static_cast<size_t>(got));
            context.progress();
            return static_cast<size_t>(got);
        }
        if (got == 0) running_->out.reset();
    }
    return 0;
}

bool Subprocess::write(std::span<const std::byte> bytes, Context& context) {
    const StopSignal stop(context.stop_token());
    running_->to_send = {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    while (running_->in && !running_->to_send.empty()) {
        running_->check(context);
        const size_t before = running_->to_send.size();
        running_->turn(running_->next_event(context), stop.fd(), false);
        if (running_->to_send.size() < before) context.progress();
        if (running_->ended) break;
    }
    const bool taken = running_->in && running_->to_send.empty();
    running_->to_send = {};
    return taken;
}

void Subprocess::count_io(bool is_progress) {
    running_->io_is_progress = is_progress;
}

ExitStatus Subprocess::wait(Context& context) {
    if (running_->command.keep_input) running_->in.reset();
    std::array<std::byte, kReadBytes> ignored;
    while (read(ignored, context) > 0) {
    }
    const StopSignal stop(context.stop_token());
    // Its last words may still be in the pipe when it has ended.
    while (!running_->has_ended() || (running_->err && !running_->grace_is_over())) {
        running_->check(context);
        running_->turn(running_->next_event(context), stop.fd());
    }
    return running_->end_group();
}

Finished run(Command command, Context& context) {
    const std::string name = command.argv.front();
    const size_t limit = command.max_output;
    Subprocess process(std::move(command));
    Finished finished;
    std::vector<std::byte> buffer(kReadBytes);
    while (const size_t got = process.read(buffer, context)) {
        if (finished.output.size() + got > limit)
            throw Error(ErrorKind::limit,
                        name + ": answer of more than " + std::to_string(limit) + " bytes");
        finished.output.append(reinterpret_cast<const char*>(buffer.data()), got);
    }
    finished.status = process.wait(context);
    return finished;
}

void kill_all_subprocesses() {
    Groups::all().kill_all();
}

}  // namespace onemarket
