// SPDX-License-Identifier: Apache-2.0
#include "backends/io/bridge.h"

#include <algorithm>
#include <array>

#include "backends/io/bridge_script.h"
#include "protocol/ascii.h"
#include "protocol/reply.h"

namespace onemarket {
namespace {

constexpr std::string_view kGreeting = "onemarketd bridge 1";
constexpr size_t kMaxChatter = size_t{64} << 10;  // bytes of start-up files before the greeting
constexpr size_t kMaxLine = size_t{256} << 10;    // of a reply
constexpr size_t kMaxComplaint = 300;             // bytes kept of a line of stderr
constexpr size_t kReadBytes = size_t{64} << 10;
constexpr int kStatusOfSsh = 255;  // ssh(1): it failed itself, and not the command

struct Reason {
    std::string_view words;
    ErrorKind kind;
};
constexpr std::array<Reason, 10> kReasons{{{"No such file or directory", ErrorKind::not_found},
                                           {"Failed to find logical volume", ErrorKind::not_found},
                                           {"Permission denied", ErrorKind::permission},
                                           {"Operation not permitted", ErrorKind::permission},
                                           {"No space left on device", ErrorKind::no_space},
                                           {"Disk quota exceeded", ErrorKind::no_space},
                                           {"File too large", ErrorKind::no_space},
                                           {"not a regular file", ErrorKind::bad_request},
                                           {"not a logical volume", ErrorKind::bad_request},
                                           {"somebody put another file", ErrorKind::corrupt}}};

ErrorKind kind_of(std::string_view reason) {
    for (const Reason& known : kReasons)
        if (reason.find(known.words) != std::string_view::npos) return known.kind;
    return ErrorKind::unavailable;
}

std::string option(std::string_view name, auto value) {
    return std::string(name) + "=" + std::to_string(value);
}

// The site's keys, configuration and known hosts count; nobody is there to answer a question, and a
// shared connection that outlives this one is no business of ours.
std::vector<std::string> ssh_words(const SshSettings& settings, const std::string& host) {
    return {"ssh",
            "-T",
            "-o",
            "BatchMode=yes",
            "-o",
            "LogLevel=ERROR",
            "-o",
            "ControlMaster=no",
            "-o",
            option("ConnectTimeout", settings.connect_limit.count()),
            "-o",
            option("ServerAliveInterval", settings.alive_every.count()),
            "-o",
            option("ServerAliveCountMax", settings.alive_count),
            "--",
            host,
            std::string("exec /bin/sh -c '") + kBridgeScript + "'"};
}

// That limit, or what is left of the context's: whichever ends first.
std::chrono::milliseconds within(const Context& context, std::chrono::milliseconds limit) {
    const auto deadline = context.deadline();
    if (!deadline) return limit;
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(*deadline - Context::Clock::now());
    return std::clamp(left, std::chrono::milliseconds(1), limit);
}

}  // namespace

Bridge::Bridge(const SshSettings& settings, const std::string& host, Context& context)
    : Bridge(settings, ssh_words(settings, host), host, context) {}

std::unique_ptr<Bridge> Bridge::here(const SshSettings& settings, Context& context) {
    return std::unique_ptr<Bridge>(
        new Bridge(settings, {"/bin/sh", "-c", kBridgeScript}, "this host", context));
}

Bridge::Bridge(const SshSettings& settings, std::vector<std::string> argv, std::string host,
               Context& context)
    : host_(std::move(host)), context_(context) {
    Command command;
    command.argv = std::move(argv);
    command.environment = settings.environment;
    command.directory = settings.directory;
    command.keep_input = true;
    command.awaited = host_;
    command.on_stderr_line = [this](std::string_view line) { complain(ascii::trim(line)); };
    ssh_ = std::make_unique<Subprocess>(std::move(command));

    const auto limit = settings.connect_limit + settings.answer_limit;
    Context greeting(context.id(), context.stop_token(), {within(context, limit), false},
                     context.log());
    try {
        greet(greeting);
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::timeout) throw;
        context.check(host_);
        unreachable("no answer within " + std::to_string(limit.count()) + " s");
    }
}

// The reason is what was said last: a changed host key has ten lines of advice before it.
void Bridge::complain(std::string_view line) {
    if (line.empty()) return;
    complaint_before_ = std::move(complaint_);
    complaint_ = line.substr(0, kMaxComplaint);
}

std::string Bridge::complaints(std::string_view otherwise) const {
    if (complaint_.empty()) return std::string(otherwise);
    return one_line(complaint_before_ + (complaint_before_.empty() ? "" : " ") + complaint_,
                    2 * kMaxComplaint);
}

void Bridge::unreachable(const std::string& reason) const {
    throw BridgeUnreachable(ErrorKind::unavailable, host_ + ": " + reason);
}

// What start-up files of the host print comes before the script's first word, perhaps on its line.
void Bridge::greet(Context& context) {
    size_t left = kMaxChatter;
    try {
        while (const std::optional<std::string> got = line(context, left)) {
            if (got->ends_with(kGreeting)) {
                // What start-up files complained of is no reason for what comes.
                complaint_before_.clear();
                complaint_.clear();
                return;
            }
            left -= std::min(left, got->size() + 1);
        }
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::limit) throw;
        unreachable("its start-up files print more than " + std::to_string(kMaxChatter >> 10) +
                    " KiB");
    }
    const ExitStatus status = ssh_->wait(context);
    // Of a line that breaks while keys are exchanged ssh says nothing at this LogLevel.
    unreachable(
        complaints((status.code == kStatusOfSsh ? "the connection was lost: ssh " : "ssh ") +
                   to_string(status)));
}

// Without its newline; nothing at the end of the conversation.
std::optional<std::string> Bridge::line(Context& context, size_t most) {
    std::array<std::byte, kReadBytes> buffer;
    size_t looked = 0;
    while (true) {
        const size_t end = received_.find('\n', looked);
        if (std::min(end, received_.size()) > most)
            throw Error(ErrorKind::limit, host_ + ": endless line");
        if (end != std::string::npos) {
            std::string text = received_.substr(0, end);
            received_.erase(0, end + 1);
            return text;
        }
        looked = received_.size();
        const size_t got = ssh_->read(buffer, context);
        if (got == 0) return std::nullopt;
        received_.append(reinterpret_cast<const char*>(buffer.data()), got);
    }
}

// While the host is at work it has no bytes to show for it: that the line lives is enough.
std::string Bridge::reply() {
    if (ssh_) ssh_->count_io(true);
    const std::optional<std::string> text = line(context_, kMaxLine);
    if (!text) lost();
    if (*text == "ok") return "";
    if (text->starts_with("ok ")) return text->substr(3);
    const std::string_view reason =
        ascii::trim(std::string_view(*text).substr(text->starts_with("no ") ? 3 : 0));
    refused(reason.empty() ? "failed without a reason" : reason);
}

void Bridge::refused(std::string_view reason) const {
    throw Error(kind_of(reason), host_ + ": " + one_line(reason, kMaxComplaint));
}

// The conversation has ended in the middle. ssh has many words for a line that has dropped, and a
// host may have said something else before: then only the line is to blame. A script that has ended
// by itself has said why.
void Bridge::lost() {
    const bool by_ssh = ssh_ && ssh_->wait(context_).code == kStatusOfSsh;
    const std::string said = complaints("");
    if (!by_ssh && !said.empty()) refused(said);
    const std::string text = "the connection was lost" + (said.empty() ? "" : ": " + said);
    throw Error(ErrorKind::unavailable, host_ + ": " + one_line(text, kMaxComplaint));
}

std::string Bridge::ask(std::string_view request, std::initializer_list<std::string_view> values) {
    std::string text = std::string(request) + "\n";
    for (const std::string_view value : values) {
        if (value.find('\n') != std::string_view::npos ||
            value.find('\0') != std::string_view::npos)
            throw Error(ErrorKind::bad_request, "a path with a line break in it");
        text += std::string(value) + "\n";
    }
    send(std::as_bytes(std::span(text)));
    return reply();
}

void Bridge::put(std::string_view request, std::span<const std::byte> bytes) {
    if (ssh_) ssh_->count_io(false);
    const std::string text = std::string(request) + "\n";
    send(std::as_bytes(std::span(text)));
    send(bytes);
}

// Who takes no more has said why.
void Bridge::send(std::span<const std::byte> bytes) {
    if (!ssh_) lost();
    if (ssh_->write(bytes, context_)) return;
    reply();
    lost();
}

size_t Bridge::read(std::span<std::byte> buffer) {
    if (!received_.empty()) {
        const size_t size = std::min(buffer.size(), received_.size());
        std::copy_n(std::as_bytes(std::span(received_)).begin(), size, buffer.begin());
        received_.erase(0, size);
        return size;
    }
    ssh_->count_io(false);
    const size_t got = ssh_->read(buffer, context_);
    if (got > 0) return got;
    if (!ssh_->wait(context_).success()) lost();
    return 0;
}

bool is_bridge_host(std::string_view host) {
    return !host.empty() && host.size() <= 255 && host.front() != '-' &&
           std::all_of(host.begin(), host.end(), [](char c) {
               return ascii::is_alnum(c) ||
                      std::string_view("._-:@%[]").find(c) != std::string_view::npos;
           });
}

std::vector<std::string> bridge_hosts(std::string_view list) {
    std::vector<std::string> hosts;
    for (const std::string_view word : ascii::split(list, " \t\r\n,")) {
        if (!is_bridge_host(word))
            throw Error(ErrorKind::bad_request,
                        "BRIDGE_LIST: '" + one_line(word, 100) + "' is no name of a host");
        hosts.emplace_back(word);
    }
    if (hosts.empty()) throw Error(ErrorKind::bad_request, "BRIDGE_LIST is empty");
    return hosts;
}

std::unique_ptr<Bridge> connect_bridge(const SshSettings& settings,
                                       const std::vector<std::string>& hosts, ObjectId id,
                                       Context& context) {
    const size_t first = static_cast<size_t>(std::max<ObjectId>(id, 0)) % hosts.size();
    for (size_t tried = 0;; ++tried) {
        try {
            return std::make_unique<Bridge>(settings, hosts[(first + tried) % hosts.size()],
                                            context);
        } catch (const BridgeUnreachable& error) {
            if (tried + 1 == hosts.size()) throw;
            context.log().log(LogLevel::warning,
                              std::string(error.what()) + "; trying the next host");
        }
    }
}

}  // namespace onemarket
