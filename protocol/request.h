// SPDX-License-Identifier: Apache-2.0
// A line from oned: `ACTION ID PAYLOAD`.
#pragma once

#include <string>
#include <string_view>

#include "protocol/action.h"
#include "protocol/error.h"

namespace onemarket {

// The id of a marketplace app, or of a marketplace for a MONITOR.
using ObjectId = int;

struct Request {
    Action action = Action::init;
    ObjectId id = 0;      // 0 for INIT and FINALIZE, which carry none
    std::string payload;  // base64 as it came; empty when the line had none
};

// True when the line holds nothing but white space: oned's keep-alive, not worth a word.
bool is_blank_line(std::string_view line);

// Reads one line. Words are separated by runs of blanks (oned 6.0 and later writes two after the
// action, 5.x one); blanks before the action and a CR at the end are ignored. A failure means there
// is nobody to answer: the action is unknown, or the id is missing or no number. What follows the
// id is the payload whole, blanks included, so that two lines that ran into each other are seen as
// the undecodable payload they are.
Result<Request> parse_request(std::string_view line);

}  // namespace onemarket
