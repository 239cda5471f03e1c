// SPDX-License-Identifier: Apache-2.0
#include "protocol/reply.h"

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
    for (const char c : text) {
        const bool blank = ascii::is_control(c) || c == ' ';
        if (!blank)
            line += c;
        else if (!line.empty() && line.back() != ' ')
            line += ' ';
        if (line.size() > max_bytes) break;
    }
    line = repair_utf8(line);
    line.resize(truncate_utf8(line, max_bytes).size());
    while (!line.empty() && line.back() == ' ') line.pop_back();
    return line;
}

}  // namespace onemarket
