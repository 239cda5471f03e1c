// SPDX-License-Identifier: Apache-2.0
#include "daemon/ctl/report.h"

#include "backends/io/json.h"
#include "daemon/ctl/market.h"

namespace onemarket {
namespace {

constexpr size_t kStateWidth = 9;

std::string number_of(size_t count, const char* what) {
    return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

}  // namespace

Report::Report(bool json, std::function<void(std::string_view)> print, Text safe)
    : json_(json),
      print_(std::move(print)),
      safe_(std::move(safe)),
      findings_([this](const Finding& finding) { tell(finding); }) {}

void Report::tell(const Finding& finding) {
    const std::string what = safe_(finding.what), text = safe_(finding.text),
                      remedy = safe_(finding.remedy);
    std::string state = to_string(finding.state);
    if (json_) {
        document_ += (document_.empty() ? "" : ", ") + ("{\"state\": " + to_json(state)) +
                     ", \"what\": " + to_json(what) + ", \"text\": " + to_json(text) +
                     (remedy.empty() ? "" : ", \"remedy\": " + to_json(remedy)) + "}";
        return;
    }
    state.resize(kStateWidth, ' ');
    print_(state + what + ": " + text + (remedy.empty() ? "" : " -> " + remedy) + "\n");
}

int Report::finish() {
    if (json_)
        print_("{\"findings\": [" + document_ +
               "], \"problems\": " + std::to_string(findings_.problems()) +
               ", \"warnings\": " + std::to_string(findings_.warnings()) + "}\n");
    else
        print_(number_of(findings_.problems(), "problem") + ", " +
               number_of(findings_.warnings(), "warning") + "\n");
    return findings_.problems() == 0 ? kAllWell : kFound;
}

}  // namespace onemarket
