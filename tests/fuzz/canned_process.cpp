// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/canned_process.h"

#include "protocol/ascii.h"
#include "tests/fuzz/fuzz.h"

namespace onemarket {
namespace {

fuzz::CannedProcess& canned() {
    static fuzz::CannedProcess process;
    return process;
}

}  // namespace

struct Subprocess::Running {
    explicit Running(Command of)
        : command(std::move(of)), process(canned()), pieces(process.output, process.seed) {}

    void complain() {
        for (const std::string_view line : ascii::split(process.complaints, "\n"))
            command.on_stderr_line(line);
        process.complaints.clear();
    }

    Command command;
    fuzz::CannedProcess process;
    fuzz::Pieces pieces;
};

std::string to_string(ExitStatus status) {
    return "failed with exit status " + std::to_string(status.code);
}

Subprocess::Subprocess(Command command) : running_(std::make_unique<Running>(std::move(command))) {}
Subprocess::~Subprocess() = default;
Subprocess::Subprocess(Subprocess&&) noexcept = default;

size_t Subprocess::read(std::span<std::byte> buffer, Context& context) {
    context.check();
    return running_->pieces.read(buffer);
}

bool Subprocess::write(std::span<const std::byte>, Context&) {
    return true;
}

void Subprocess::count_io(bool) {}

ExitStatus Subprocess::wait(Context&) {
    running_->complain();
    return running_->process.status;
}

Finished run(Command command, Context& context) {
    Subprocess process(std::move(command));
    Finished finished;
    std::byte buffer[4096];
    while (const size_t got = process.read(buffer, context))
        finished.output.append(reinterpret_cast<const char*>(buffer), got);
    finished.status = process.wait(context);
    return finished;
}

void kill_all_subprocesses() {}

}  // namespace onemarket

namespace onemarket::fuzz {

void start_as(CannedProcess process) {
    canned() = std::move(process);
}

}  // namespace onemarket::fuzz
