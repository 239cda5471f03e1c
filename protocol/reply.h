// SPDX-License-Identifier: Apache-2.0
// A line to oned: an answer `ACTION SUCCESS|FAILURE ID INFO`, or a line for its log.
#pragma once

#include <string>
#include <string_view>

#include "protocol/action.h"
#include "protocol/request.h"

namespace onemarket {

struct Reply {
    Action action = Action::init;
    bool success = false;
    ObjectId id = 0;
    // SUCCESS of IMPORT and MONITOR: base64. Anything else: plain text. Empty is written as `-`.
    std::string info;
};

enum class LogLevel { error, warning, info, debug };

// The answer as one line, newline included. Any control character of a plain text becomes a blank,
// since oned would read what follows a newline as a message of its own; invalid UTF-8 is repaired.
// What is handed over is not copied more than once: a list of apps has megabytes.
std::string format(Reply reply);

// `INIT SUCCESS - -`, newline included. oned makes one read of at most 31 bytes for it, so nothing
// may be written before it or right behind it.
std::string_view init_answer();

// `LOG E|W|I|D ID text`, newline included. oned writes the text to its log without the id, so the
// text itself begins with its object ("app 5: ..."). id 0 when there is no object.
std::string format_log(LogLevel level, ObjectId id, std::string_view text);

// A text of others made safe for one line of a log or a terminal: control characters (those of
// control_length()) become blanks, runs of blanks one blank, no blank at either end, invalid UTF-8
// repaired, cut at `max_bytes` on a character.
std::string one_line(std::string_view text, size_t max_bytes = 4096);

// The same for as many lines as it has: newlines, tabs and blanks stay, all else becomes a blank.
std::string safe_lines(std::string_view text);

}  // namespace onemarket
