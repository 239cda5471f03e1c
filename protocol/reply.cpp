// SPDX-License-Identifier: Apache-2.0
#include "protocol/reply.h"

#include <algorithm>

#include "protocol/ascii.h"
#include "protocol/utf8.h"

namespace onemarket {
namespace {

constexpr size_t kLongestHead = 64;  // bytes of a line before its info, and its end

char letter(LogLevel level) {
    switch (level) {
        case LogLevel::error:
            return 'E';
        case LogLevel::warning:
            return 'W';
        case LogLevel::info:
            return 'I';
        case LogLevel::debug:
            return 'D';
    }
    return 'I';
}

}  // namespace

std::string format(Reply reply) {
    // What an IMPORT or a MONITOR gives is base64, made here: megabytes that need no cleaning.
    const bool encoded =
        reply.success && (reply.action == Action::import || reply.action == Action::monitor);
    if (!encoded) reply.info = one_line(reply.info);
    std::string line;
    line.reserve(reply.info.size() + kLongestHead);
    line.append(to_string(reply.action));
    line.append(reply.success ? " SUCCESS " : " FAILURE ");
    line.append(std::to_string(reply.id)).append(" ");
    line.append(reply.info.empty() ? "-" : reply.info).append("\n");
    return line;
}

std::string_view init_answer() {
    return "INIT SUCCESS - -\n";
}

std::string format_log(LogLevel level, ObjectId id, std::string_view text) {
    return std::string("LOG ") + letter(level) + " " + std::to_string(id) + " " + one_line(text) +
           "\n";
}

std::string one_line(std::string_view text, size_t max_bytes) {
    std::string line;
    line.reserve(std::min(text.size(), max_bytes));
    while (!text.empty() && line.size() <= max_bytes) {
        const size_t control = control_length(text);
        if (control == 0 && text.front() != ' ')
            line += text.front();
        else if (!line.empty() && line.back() != ' ')
            line += ' ';
        text.remove_prefix(std::max(control, size_t{1}));
    }
    line = repair_utf8(line);
    line.resize(truncate_utf8(line, max_bytes).size());
    while (!line.empty() && line.back() == ' ') line.pop_back();
    return line;
}

std::string safe_lines(std::string_view text) {
    std::string lines;
    lines.reserve(text.size());
    while (!text.empty()) {
        const char c = text.front();
        const size_t control = c == '\n' || c == '\t' ? 0 : control_length(text);
        lines += control == 0 ? c : ' ';
        text.remove_prefix(std::max(control, size_t{1}));
    }
    return repair_utf8(lines);
}

}  // namespace onemarket
