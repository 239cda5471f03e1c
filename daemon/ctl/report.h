// SPDX-License-Identifier: Apache-2.0
// Findings as an administrator reads them, one a line, or as JSON.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "backends/findings.h"

namespace onemarket {

class Report {
  public:
    using Text = std::function<std::string(std::string_view)>;
    // `print` gets lines at once, or one document with finish(). Each text is what `safe` makes of
    // it: one line, without secrets.
    Report(bool json, std::function<void(std::string_view)> print, Text safe);

    Findings& findings() { return findings_; }

    // The end of it: the exit status.
    int finish();

  private:
    void tell(const Finding& finding);

    bool json_;
    std::function<void(std::string_view)> print_;
    Text safe_;
    std::vector<std::string> document_;  // findings as JSON
    Findings findings_;
};

}  // namespace onemarket
