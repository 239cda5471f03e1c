// SPDX-License-Identifier: Apache-2.0
// The only way this program starts another one.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backends/context.h"

namespace onemarket {

struct Command {
    // argv[0] is a path, or a name looked for in the PATH of `environment`.
    std::vector<std::string> argv;
    std::vector<std::string> environment;  // NAME=VALUE; nothing else is inherited
    std::string directory;                 // the child's working folder
    std::string input;                     // written to its stdin, which then ends
    bool keep_input = false;               // stdin does not end then: write() gives more
    std::string awaited;  // who is at its other end, for the text of a time limit; may be empty
    size_t max_output = size_t{64} << 20;  // bytes of stdout kept by run(); past it: Error (limit)
    // Called with each line the child writes to stderr, without its newline, in the thread that
    // reads or waits.
    std::function<void(std::string_view line)> on_stderr_line = [](std::string_view) {};
};

// How a process ended.
struct ExitStatus {
    int code = 0;    // its exit status, when signal is 0
    int signal = 0;  // the signal that killed it, or 0
    bool success() const { return code == 0 && signal == 0; }
};
// "failed with exit status 3", "killed by signal 9"
std::string to_string(ExitStatus status);

// One running process, leader of a process group of its own. It gets stdin, stdout and stderr and
// no other descriptor, default signal handlers, and dies with the thread that started it. Whatever
// happens, its whole group is gone (TERM, a second later KILL) and it is reaped when this object
// is. Used by one thread.
class Subprocess {
  public:
    // Starts it. Throws Error "<path>: <reason>" when there is no such program, or it cannot be
    // run. A script without a #! line is run by /bin/sh, as execvp(3) does.
    explicit Subprocess(Command command);
    ~Subprocess();
    Subprocess(Subprocess&&) noexcept;

    // Waits for output: fills the front of `buffer` and returns how much, 0 at the end. The end is
    // the end of stdout, or half a second after the process has ended when a child it left behind
    // holds stdout open. Feeds stdin and listens to stderr meanwhile. Throws Error (cancelled,
    // timeout) from the context, after the group was stopped. Output, and I/O of any process of the
    // group, are progress.
    size_t read(std::span<std::byte> buffer, Context& context);

    // Writes all of `bytes` to its stdin, for a Command with keep_input, and listens to stderr
    // meanwhile. False when the process takes no more. What it prints itself must find room in its
    // pipe until read() is called. Throws as read() does.
    bool write(std::span<const std::byte> bytes, Context& context);

    // Whether I/O of the group is progress, as it is at first. Not where bytes are waited for from
    // a program that asks its line again and again whether it is there.
    void count_io(bool is_progress);

    // Ends its stdin and waits for its end (and throws likewise); its output that was not read is
    // thrown away. Once more it gives the same.
    ExitStatus wait(Context& context);

  private:
    struct Running;
    std::unique_ptr<Running> running_;
};

// Starts the command, reads its stdout to the end, and waits.
struct Finished {
    ExitStatus status;
    std::string output;
};
Finished run(Command command, Context& context);

// Kills every process group this program has started and not yet reaped: for an exit that can wait
// no longer. Thread-safe; not from a signal handler.
void kill_all_subprocesses();

}  // namespace onemarket
