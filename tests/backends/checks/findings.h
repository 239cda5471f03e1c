// SPDX-License-Identifier: Apache-2.0
// What a check says, as its tests read it.
#pragma once

#include <string>
#include <vector>

#include "backends/backend.h"
#include "tests/backends/helpers.h"

namespace onemarket::test {

// Each finding as "state what: text -> remedy".
inline std::vector<std::string> findings_of(const Backend& backend, const DriverMessage& message,
                                            Context& context) {
    std::vector<std::string> lines;
    Findings findings([&lines](const Finding& finding) {
        lines.push_back(std::string(to_string(finding.state)) + " " + finding.what + ": " +
                        finding.text + (finding.remedy.empty() ? "" : " -> " + finding.remedy));
    });
    backend.check(message, context, findings);
    return lines;
}

}  // namespace onemarket::test
