// SPDX-License-Identifier: Apache-2.0
// A line from oned, and the lines it gets: what is read can be written again, and whatever the
// text, an answer is one line.
#include "protocol/request.h"

#include "protocol/ascii.h"
#include "protocol/reply.h"
#include "protocol/utf8.h"
#include "tests/fuzz/fuzz.h"

namespace onemarket::fuzz {

void one_input(std::string_view input) {
    const Result<Request> request = parse_request(input);
    if (!request) {
        must(is_one_line(request.reason()), "a reason is one line");
    } else {
        must(!is_blank_line(input), "a blank line is no request");
        must(request->id >= 0, "an id is none below zero");
        must(ascii::trim(request->payload) == request->payload,
             "a payload has no blanks around it");
        const std::string written = std::string(to_string(request->action)) + "  " +
                                    std::to_string(request->id) + " " + request->payload;
        const Result<Request> again = parse_request(written);
        must(again && again->action == request->action && again->id == request->id &&
                 again->payload == request->payload,
             "what was read can be written");
    }
    for (const std::string& line : {format({Action::monitor, false, 7, std::string(input)}),
                                    format({Action::remove, true, 7, std::string(input)}),
                                    format_log(LogLevel::warning, 7, input)})
        must(is_whole_line(line), "what oned gets is one line");
}

}  // namespace onemarket::fuzz
