// SPDX-License-Identifier: Apache-2.0
#include "backends/site_script.h"

#include <array>
#include <optional>
#include <utility>

#include "protocol/ascii.h"

namespace onemarket {
namespace {

constexpr size_t kMaxReason = 8192;  // a script may print without end

struct Prefix {
    std::string_view text;
    LogLevel level;
};
constexpr std::array<Prefix, 5> kPrefixes{{{"ERROR:", LogLevel::error},
                                           {"WARN:", LogLevel::warning},
                                           {"WARNING:", LogLevel::warning},
                                           {"INFO:", LogLevel::info},
                                           {"DEBUG:", LogLevel::debug}}};

// The marks older releases put around a script's reason.
bool is_fence(std::string_view line) {
    return line == "ERROR MESSAGE --8<------" || line == "ERROR MESSAGE ------>8--";
}

}  // namespace

void ScriptErrors::add_line(std::string_view line) {
    const std::string_view text = ascii::trim(line);
    if (text.empty() || is_fence(text)) return;
    for (const Prefix& prefix : kPrefixes) {
        if (!text.starts_with(prefix.text)) continue;
        const std::string_view message = ascii::trim(text.substr(prefix.text.size()));
        if (prefix.level == LogLevel::error) last_error_ = message.substr(0, kMaxReason);
        if (++log_lines_ <= kMaxLogLines) log_.log(prefix.level, message);
        if (log_lines_ == kMaxLogLines + 1)
            log_.log(LogLevel::warning, "the script logs more, which is left out");
        return;
    }
    if (reason_.size() > kMaxReason) return;
    if (!reason_.empty()) reason_ += ' ';
    reason_.append(text.substr(0, kMaxReason));
}

std::string ScriptErrors::reason(const std::string& script, ExitStatus status) const {
    const std::string how = script + " " + to_string(status);
    const std::string& words = reason_.empty() ? last_error_ : reason_;
    if (status.signal != 0) return words.empty() ? how : how + ": " + words;
    if (!reason_.empty()) return reason_;
    return last_error_.empty() ? how : how + ": " + last_error_;
}

Command script_command(const Site& site, const std::string& script, std::vector<std::string> args,
                       std::string input, ScriptErrors& errors) {
    Command command;
    command.argv = std::move(args);
    command.argv.insert(command.argv.begin(), script);
    command.environment = site.environment;
    command.directory = site.work_dir;
    command.input = std::move(input);
    command.max_output = site.max_script_output;
    command.on_stderr_line = [&errors](std::string_view line) { errors.add_line(line); };
    return command;
}

std::string run_script(const Site& site, const std::string& script, std::vector<std::string> args,
                       std::string input, Context& context) {
    ScriptErrors errors(context.log());
    Finished finished =
        run(script_command(site, script, std::move(args), std::move(input), errors), context);
    if (!finished.status.success())
        throw Error(ErrorKind::unavailable, errors.reason(script, finished.status));
    return std::move(finished.output);
}

}  // namespace onemarket
