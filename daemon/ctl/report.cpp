// SPDX-License-Identifier: Apache-2.0
#include "daemon/ctl/report.h"

#include "backends/io/json.h"
#include "daemon/ctl/market.h"
#include "daemon/words.h"

namespace onemarket {
namespace {

constexpr size_t kStateWidth = 9;

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
        JsonObject object;
        object.add("state", state).add("what", what).add("text", text);
        if (!remedy.empty()) object.add("remedy", remedy);
        return document_.push_back(object.text());
    }
    state.resize(kStateWidth, ' ');
    print_(state + what + ": " + text + (remedy.empty() ? "" : " -> " + remedy) + "\n");
}

int Report::finish() {
    const size_t problems = findings_.problems(), warnings = findings_.warnings();
    if (json_) {
        JsonObject object;
        object.add_json("findings", json_array(document_));
        print_(object.add("problems", problems).add("warnings", warnings).text() + "\n");
    } else {
        print_(count_in_words(problems, "problem", "problems") + ", " +
               count_in_words(warnings, "warning", "warnings") + "\n");
    }
    return findings_.problems() == 0 ? kAllWell : kFound;
}

}  // namespace onemarket
