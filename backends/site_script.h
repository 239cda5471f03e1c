// SPDX-License-Identifier: Apache-2.0
// Running the site's own scripts: what they print becomes a result, a reason and log lines.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "backends/context.h"
#include "backends/io/subprocess.h"
#include "backends/site.h"

namespace onemarket {

// Sorts the stderr of a script: `ERROR|WARN|INFO|DEBUG: text` are log lines, the rest is the reason
// should it fail.
class ScriptErrors {
  public:
    explicit ScriptErrors(RequestLog& log) : log_(log) {}

    void add_line(std::string_view line);

    // Why the script failed: its reason, or how it ended where it gave none.
    std::string reason(const std::string& script, ExitStatus status) const;

  private:
    // A script that loops must not flood oned's log.
    static constexpr int kMaxLogLines = 1000;

    RequestLog& log_;
    int log_lines_ = 0;
    std::string reason_;
    std::string last_error_;
};

// A command that runs the script with the site's environment and folder, its stderr going to
// `errors`, which must outlive it.
Command script_command(const Site& site, const std::string& script, std::vector<std::string> args,
                       std::string input, ScriptErrors& errors);

// Runs the script to its end and gives its stdout. Throws Error (unavailable) with its reason when
// it fails, and what Subprocess throws.
std::string run_script(const Site& site, const std::string& script, std::vector<std::string> args,
                       std::string input, Context& context);

}  // namespace onemarket
