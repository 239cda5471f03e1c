// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/catalogue.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>

#include "backends/discovery/app_list.h"
#include "backends/discovery/endpoint.h"
#include "protocol/ascii.h"
#include "protocol/base64.h"
#include "protocol/template.h"
#include "tests/fuzz/canned_http.h"
#include "tests/fuzz/fuzz.h"

namespace onemarket::fuzz {
namespace {

constexpr std::string_view kServer = "http://market.example";
constexpr std::string_view kSingle[] = {
    "NAME",         "SOURCE",  "IMPORT_ID",  "ORIGIN_ID",    "TYPE",  "PUBLISHER", "FORMAT",
    "DESCRIPTION",  "VERSION", "TAGS",       "REGTIME",      "LINK",  "SIZE",      "APPTEMPLATE64",
    "VMTEMPLATE64", "MD5",     "HYPERVISOR", "ARCHITECTURE", "SHA256"};

DriverMessage message() {
    const std::string text =
        "<MARKET_DRIVER_ACTION_DATA><MARKETPLACE><ID>100</ID><TEMPLATE><ENDPOINT>" +
        std::string(kServer) +
        "</ENDPOINT><SKIP_UNTESTED>no</SKIP_UNTESTED></TEMPLATE></MARKETPLACE>"
        "</MARKET_DRIVER_ACTION_DATA>";
    return std::move(*DriverMessage::parse(text));
}

// The list, or nothing where there is a reason for none.
std::optional<std::string> listed(const Backend& backend, std::string_view document) {
    serve([&](const HttpRequest& request) -> std::optional<CannedAnswer> {
        must(request.url.starts_with(kServer), "the server that is asked is the marketplace's");
        const auto seed = static_cast<unsigned>(document.size());
        return CannedAnswer{{200, "OK", {}, ""}, std::string(document), false, seed};
    });
    FuzzContext context;
    static const DriverMessage about = message();
    try {
        return backend.monitor(about, context);
    } catch (const Error& error) {
        must(error.kind() == ErrorKind::corrupt || error.kind() == ErrorKind::limit,
             "what is wrong is the catalogue");
        return std::nullopt;
    }
}

Template parsed(const std::string& text) {
    Result<Template> read = parse_template(text);
    must(static_cast<bool>(read), "what oned is told is template text");
    return std::move(*read);
}

void check_app(const Template& app, std::set<std::string>& names) {
    for (const Template::Attribute& attribute : app) {
        const bool reference = attribute.key == "DISK" || attribute.key == "ROLE";
        must((attribute.vector() != nullptr) == reference, "only references are vectors");
        must(reference || std::find(std::begin(kSingle), std::end(kSingle), attribute.key) !=
                              std::end(kSingle),
             "a catalogue adds no attribute of its own");
        must(reference || app.all(attribute.key).size() == 1, "no attribute comes twice");
    }
    for (const std::string_view key : {"NAME", "SOURCE", "IMPORT_ID", "ORIGIN_ID", "TYPE", "LINK"})
        must(app.find(key) != nullptr, "what oned asks for is there");
    const std::string& name = *app.find("NAME");
    must(app_name(name) == name && names.insert(name).second, "a name is one, and no other's");
    must(*app.find("ORIGIN_ID") == "-1", "a catalogue's app comes from no app of ours");
    std::string_view source = *app.find("SOURCE");
    if (source.starts_with("lxd://")) source.remove_prefix(6);
    must(source.starts_with(kServer) &&
             is_plain(source.substr(0, std::min(source.find("?size="), source.size()))),
         "a SOURCE means nothing to a shell");
    if (const std::string* format = app.find("FORMAT")) must(is_plain(*format), "so does a FORMAT");
    for (const std::string_view key : {"MD5", "SHA256"})
        if (const std::string* sum = app.find(key))
            must(std::all_of(sum->begin(), sum->end(), ascii::is_alnum), "so does a checksum");
    if (const std::string* size = app.find("SIZE"))
        must(ascii::parse_number(*size).has_value(), "a SIZE is a number");
    const bool service = *app.find("TYPE") == "SERVICE_TEMPLATE";
    for (const std::string_view key : {"APPTEMPLATE64", "VMTEMPLATE64"}) {
        const std::string* folded = app.find(key);
        if (folded == nullptr || folded->empty()) continue;
        const Result<std::string> text = base64_decode(*folded);
        must(static_cast<bool>(text), "a template within is base64");
        if (!service) parsed(*text);
    }
}

void check_list(const std::string& text) {
    const Template list = parsed(text);
    must(list.size() > 0, "oned is never told nothing");
    must(static_cast<size_t>(std::count(text.begin(), text.end(), '\n')) == list.size(),
         "an attribute is a line");
    if (list.find("APP") == nullptr) return;
    must(list.values("APP").size() == list.size() && count_apps(text) == list.size(),
         "a list is of apps");
    std::set<std::string> names;
    for (const std::string_view folded : list.values("APP")) {
        const Result<std::string> app = base64_decode(folded);
        must(static_cast<bool>(app), "an app is base64");
        check_app(parsed(*app), names);
    }
}

}  // namespace

void check_catalogue(const Backend& backend, std::string_view document) {
    if (const auto text = listed(backend, document)) check_list(*text);
}

}  // namespace onemarket::fuzz
