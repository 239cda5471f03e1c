// SPDX-License-Identifier: Apache-2.0
#include "daemon/ctl/check.h"

#include <sys/stat.h>

#include <boost/algorithm/string/join.hpp>

#include "daemon/ctl/asker.h"
#include "daemon/ctl/oned_conf.h"
#include "daemon/options.h"
#include "daemon/text_file.h"
#include "protocol/ascii.h"
#include "protocol/request.h"
#include "protocol/template.h"
#include "protocol/xml.h"

namespace onemarket {
namespace {

constexpr std::string_view kRoot = "MARKET_DRIVER_ACTION_DATA";

std::string element(std::string_view name, std::string_view content) {
    return ("<" + std::string(name) + ">").append(content) + "</" + std::string(name) + ">";
}

Result<DriverMessage> from_xml(std::string_view xml) {
    if (xml.starts_with("<?xml")) {
        xml.remove_prefix(std::min(xml.find("?>"), xml.size() - 2) + 2);
        xml = ascii::trim(xml);
    }
    if (!xml.starts_with("<MARKETPLACE>")) return DriverMessage::parse(xml);
    return DriverMessage::parse(element(kRoot, xml));
}

// What oned would make of such a template.
Result<DriverMessage> from_template(std::string_view text) {
    std::string lines(text);
    std::erase(lines, '\r');  // oned would take it for a part of values
    const Result<Template> parsed = parse_template(lines + "\n");
    if (!parsed) return Result<DriverMessage>::failure(parsed.reason());
    if (parsed->find("MARKET_MAD") == nullptr)
        return Result<DriverMessage>::failure("a template without MARKET_MAD");
    XmlDocument document(kRoot);
    document.set("", "MARKETPLACE", "");
    document.set("MARKETPLACE", "MARKET_MAD", *parsed->find("MARKET_MAD"));
    document.set("MARKETPLACE", "TEMPLATE", "");
    for (const Template::Attribute& attribute : *parsed)
        if (attribute.single() != nullptr && attribute.key.front() >= 'A')
            document.set("MARKETPLACE/TEMPLATE", attribute.key, *attribute.single());
    return DriverMessage::parse(document.to_string());
}

Result<DriverMessage> market_in(std::string_view text) {
    if (const Result<Request> request = parse_request(text))
        return DriverMessage::decode(request->payload);
    if (text.starts_with('<')) return from_xml(text);
    std::string base64(text);
    std::erase_if(base64, ascii::is_space);  // base64(1) breaks its lines
    if (Result<DriverMessage> message = DriverMessage::decode(base64)) return message;
    return from_template(text);
}

}  // namespace

DriverMessage described_market(std::string_view text) {
    Result<DriverMessage> message = market_in(ascii::trim(text));
    if (!message)
        throw Error(ErrorKind::bad_request,
                    "neither a driver message, nor what `onemarket show -x` prints, nor a "
                    "marketplace's template: " +
                        message.reason());
    if (!message->text("MARKETPLACE/MARKET_MAD"))
        throw Error(ErrorKind::bad_request, "no marketplace with a MARKET_MAD in it");
    return std::move(*message);
}

void check_surroundings(const Layout& layout, const std::string& type, const std::string& given,
                        Findings& findings) {
    struct stat status {};
    if (::stat(layout.var.c_str(), &status) == 0)
        (void)check_asker(status.st_uid, "check " + given, findings);
    try {
        const OnedConf conf(read_text_file(layout.etc + "/oned.conf"));
        const Options options = parse_options({conf.arguments()});
        if (conf.runs_onemarketd() && options.markets && !options.markets->contains(type))
            findings.warning("driver", "it is not told to serve " + type,
                             "is MARKET_MAD mistyped? Served are " +
                                 boost::algorithm::join(*options.markets, ", ") +
                                 "; else add it to -m in oned.conf, and restart oned");
    } catch (const Error&) {
        // Of that doctor tells.
    }
}

}  // namespace onemarket
