// SPDX-License-Identifier: Apache-2.0
// The document of a request: what is read is handed on as it is, to scripts too. Parts of an
// input: the document, and a value a script is to be given beside it.
#include "protocol/driver_message.h"

#include "protocol/ascii.h"
#include "protocol/base64.h"
#include "tests/fuzz/fuzz.h"

namespace onemarket::fuzz {
namespace {

constexpr std::string_view kPaths[] = {"MARKETPLACE/ID",
                                       "MARKETPLACE/MARKET_MAD",
                                       "MARKETPLACE/TEMPLATE/BASE_URL",
                                       "MARKETPLACE/TEMPLATE/PUBLIC_DIR",
                                       "MARKETPLACEAPP/ID",
                                       "MARKETPLACEAPP/SOURCE",
                                       "IMAGE/SOURCE",
                                       "DATASTORE/DS_MAD",
                                       "DATASTORE/TEMPLATE/BRIDGE_LIST"};

void check_same(const DriverMessage& a, const DriverMessage& b) {
    for (const std::string_view path : kPaths) {
        must(a.has(path) == b.has(path), "no element comes or goes");
        must(a.text(path) == b.text(path), "values stay");
    }
    must(a.secrets() == b.secrets(), "secrets stay");
    must(a.market_id() == b.market_id() && a.app_type() == b.app_type(), "numbers stay");
}

void check(const DriverMessage& message, std::string_view value) {
    for (const std::string_view path : kPaths) {
        const auto text = message.text(path);
        must(!text || (!text->empty() && ascii::trim(*text) == *text), "values are trimmed");
    }
    if (const auto apps = message.market_apps())
        for (const ObjectId app : *apps) must(app >= 0, "an id is none below zero");

    const auto handed_on = [](const XmlDocument& document) {
        const Result<std::string> xml = base64_decode(script_argument(document).base64);
        must(static_cast<bool>(xml), "a script's argument is base64");
        return *xml;
    };
    const Result<DriverMessage> again = DriverMessage::parse(handed_on(message.with({})));
    must(static_cast<bool>(again), "what was read can be written");
    check_same(message, *again);

    const Result<DriverMessage> more =
        DriverMessage::parse(handed_on(message.with({{"IMPORT_SOURCE", std::string(value)}})));
    // A NUL ends it, and the end of a line is that of XML.
    if (value.find_first_of(std::string_view("\0\r", 2)) != std::string_view::npos) return;
    must(static_cast<bool>(more), "a value cannot spoil the document");
    must(more->text("IMPORT_SOURCE").value_or("") == ascii::trim(value), "a value stays");
    check_same(message, *more);

    const std::string datastore = base64_encode(message.datastore_document().to_string());
    must(static_cast<bool>(DriverMessage::decode_datastore(datastore)),
         "what a datastore's script is given can be read");
}

}  // namespace

void one_input(std::string_view input) {
    const auto parts = parts_of(input, 2);
    const Result<DriverMessage> message = DriverMessage::parse(parts[0]);
    if (!message) return must(is_one_line(message.reason()), "a reason is one line");
    check(*message, parts[1]);
    const Result<DriverMessage> decoded = DriverMessage::decode(base64_encode(parts[0]));
    must(static_cast<bool>(decoded), "in base64 it is the same");
    check_same(*message, *decoded);
}

}  // namespace onemarket::fuzz
