// SPDX-License-Identifier: Apache-2.0
// What the site's scripts say: the four attributes of an import, and the lines of their stderr.
#include "backends/published_app.h"
#include "backends/site_script.h"
#include "protocol/ascii.h"
#include "protocol/utf8.h"
#include "tests/fuzz/fuzz.h"

namespace onemarket::fuzz {
namespace {

void check_app(const PublishedApp& app) {
    for (const std::string& value : {app.source, app.md5, app.size_mb, app.format})
        must(!value.empty() && ascii::trim(value) == value, "values are there, and trimmed");
    const auto again = parse_published_app(app.text());
    // What oned's XML cannot hold is left out, and can be all of a value.
    for (const std::string& value : {app.source, app.md5, app.size_mb, app.format})
        if (!is_utf8(value) || value.find("]]>") != std::string::npos || value.ends_with('\\') ||
            std::any_of(value.begin(), value.end(), ascii::is_control))
            return;
    must(again && again->source == app.source && again->md5 == app.md5 &&
             again->size_mb == app.size_mb && again->format == app.format,
         "what was read can be written");
}

}  // namespace

void one_input(std::string_view input) {
    const auto app = parse_published_app(input);
    if (app)
        check_app(*app);
    else
        must(is_one_line(app.reason()), "a reason is one line");

    FuzzLog log;
    ScriptErrors errors(log);
    for (const std::string_view line : ascii::split(input, "\n")) errors.add_line(line);
    must(!errors.reason("script", {1, 0}).empty(), "a script that fails has a reason");
}

}  // namespace onemarket::fuzz
