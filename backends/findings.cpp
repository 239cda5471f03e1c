// SPDX-License-Identifier: Apache-2.0
#include "backends/findings.h"

namespace onemarket {

const char* to_string(Finding::State state) {
    switch (state) {
        case Finding::State::ok:
            return "ok";
        case Finding::State::warning:
            return "warning";
        case Finding::State::problem:
            return "problem";
    }
    return "";
}

void Findings::add(Finding finding) {
    if (finding.text.starts_with(finding.what + ": "))
        finding.text.erase(0, finding.what.size() + 2);
    if (finding.state == Finding::State::warning) ++warnings_;
    if (finding.state == Finding::State::problem) ++problems_;
    tell_(finding);
}

}  // namespace onemarket
