// SPDX-License-Identifier: Apache-2.0
// onemarketctl's hands: one action, by the same code the driver runs, without a driver.
#pragma once

#include <stop_token>
#include <string>

#include "daemon/services.h"
#include "protocol/action.h"

namespace onemarket {

// What an administrator has at hand of a request: a whole line to the driver (`IMPORT  5
// <base64>`), its base64, or the document itself as XML.
struct Given {
    ObjectId id = 0;
    std::string payload;  // base64
};
// Throws Error (bad_request) when the text is none of these. Without a line the id is the app's,
// or for a MONITOR the marketplace's, as the document says.
Given parse_given(Action action, const std::string& text);

struct Outcome {
    bool success = false;
    std::string text;  // of a success: decoded; else the reason
};
// Runs it to its end, or until `stop`, which leaves as little behind as the driver's own cancel;
// log lines go to stderr.
Outcome run_action(const Services& services, Action action, const Given& given,
                   const std::stop_token& stop);

}  // namespace onemarket
