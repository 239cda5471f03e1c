// SPDX-License-Identifier: Apache-2.0
#include "protocol/driver_message.h"

#include <algorithm>
#include <array>

#include "protocol/ascii.h"
#include "protocol/base64.h"
#include "protocol/credentials.h"

namespace onemarket {
namespace {

constexpr std::string_view kRoot = "MARKET_DRIVER_ACTION_DATA";
constexpr std::string_view kDatastoreRoot = "DS_DRIVER_ACTION_DATA";

// Attributes of these names are secrets: those of the markets and datastores that exist, and what
// others may call theirs, by themselves or in a vector. Not ACCESS_KEY_ID, nor CEPH_KEY, which is a
// path.
constexpr std::array<std::string_view, 6> kSecretNames{"SECRET",     "PASSW",   "TOKEN",
                                                       "CREDENTIAL", "API_KEY", "PRIVATE_KEY"};
constexpr std::array<std::string_view, 2> kTemplates{"MARKETPLACE/TEMPLATE", "DATASTORE/TEMPLATE"};
// Addresses that stand elsewhere.
constexpr std::array<std::string_view, 3> kAddresses{"MARKETPLACEAPP/SOURCE", "IMAGE/SOURCE",
                                                     "IMAGE/PATH"};

bool is_secret(std::string_view name) {
    return std::any_of(kSecretNames.begin(), kSecretNames.end(), [name](std::string_view part) {
        return name.find(part) != std::string_view::npos;
    });
}

}  // namespace

Result<DriverMessage> DriverMessage::decode(std::string_view base64) {
    return decode(base64, kRoot);
}

Result<DriverMessage> DriverMessage::decode_datastore(std::string_view base64) {
    return decode(base64, kDatastoreRoot);
}

Result<DriverMessage> DriverMessage::decode(std::string_view base64, std::string_view root) {
    const Result<std::string> xml = base64_decode(base64);
    if (!xml) return Result<DriverMessage>::failure("payload is no base64: " + xml.reason());
    return parse(*xml, root);
}

Result<DriverMessage> DriverMessage::parse(std::string_view xml) {
    return parse(xml, kRoot);
}

Result<DriverMessage> DriverMessage::parse(std::string_view xml, std::string_view root) {
    Result<XmlDocument> document = XmlDocument::parse(xml, root);
    if (!document) return Result<DriverMessage>::failure(document.reason());
    return DriverMessage(std::move(*document));
}

std::optional<std::string> DriverMessage::text(std::string_view path) const {
    std::optional<std::string> value = document_.text(path);
    if (!value) return std::nullopt;
    const std::string_view trimmed = ascii::trim(*value);
    if (trimmed.empty()) return std::nullopt;
    return std::string(trimmed);
}

std::string DriverMessage::required(std::string_view path) const {
    std::optional<std::string> value = text(path);
    if (!value)
        throw Error(ErrorKind::bad_request,
                    "Wrong driver message format: " + std::string(path) + " is missing");
    return *value;
}

std::optional<std::string> DriverMessage::market(std::string_view attribute) const {
    return text("MARKETPLACE/TEMPLATE/" + std::string(attribute));
}

std::string DriverMessage::required_market(std::string_view attribute) const {
    std::optional<std::string> value = market(attribute);
    if (!value)
        throw Error(ErrorKind::bad_request,
                    std::string(attribute) + " is missing in the marketplace's template");
    return *value;
}

std::optional<std::string> DriverMessage::datastore(std::string_view attribute) const {
    return text("DATASTORE/TEMPLATE/" + std::string(attribute));
}

std::string DriverMessage::required_datastore(std::string_view attribute) const {
    std::optional<std::string> value = datastore(attribute);
    if (!value)
        throw Error(ErrorKind::bad_request,
                    std::string(attribute) + " is missing in the datastore's template");
    return *value;
}

std::optional<AppType> DriverMessage::app_type() const {
    const std::optional<std::string> type = text("MARKETPLACEAPP/TYPE");
    if (!type) return std::nullopt;
    const std::optional<int> number = ascii::parse_number<int>(*type);
    if (!number || *number < 1 || *number > 3) return std::nullopt;
    return static_cast<AppType>(*number);
}

std::optional<ObjectId> DriverMessage::market_id() const {
    const std::optional<std::string> id = text("MARKETPLACE/ID");
    return id ? ascii::parse_number<ObjectId>(*id) : std::nullopt;
}

Result<std::vector<ObjectId>> DriverMessage::market_apps() const {
    using Apps = Result<std::vector<ObjectId>>;
    if (!has("MARKETPLACE/MARKETPLACEAPPS"))
        return Apps::failure("MARKETPLACE/MARKETPLACEAPPS is missing");
    std::vector<ObjectId> apps;
    for (const std::string& text : document_.texts("MARKETPLACE/MARKETPLACEAPPS/ID")) {
        const auto id = ascii::parse_number<ObjectId>(ascii::trim(text));
        if (!id) return Apps::failure("an ID in MARKETPLACE/MARKETPLACEAPPS is no number");
        apps.push_back(*id);
    }
    return apps;
}

std::vector<std::string> DriverMessage::secrets() const {
    std::vector<std::string> values;
    const auto add_credentials = [&values](std::string_view address) {
        for (std::string& secret : credentials_in(address)) values.push_back(std::move(secret));
    };
    for (const std::string_view path : kTemplates)
        document_.visit_below(path,
                              [&](std::string_view name, const std::string& text, bool around) {
                                  const bool secret = around || is_secret(name);
                                  const std::string_view value = ascii::trim(text);
                                  if (!secret)
                                      add_credentials(value);
                                  else if (!value.empty())
                                      values.emplace_back(value);
                                  return secret;
                              });
    for (const std::string_view path : kAddresses) add_credentials(text(path).value_or(""));
    return values;
}

XmlDocument DriverMessage::with(const Values& values) const {
    XmlDocument document = document_.copy();
    for (const auto& [name, value] : values) document.set("", name, value);
    return document;
}

XmlDocument DriverMessage::datastore_document() const {
    XmlDocument document(kDatastoreRoot);
    document.append_copy(document_, "IMAGE");
    document.append_copy(document_, "DATASTORE");
    return document;
}

ScriptArgument script_argument(const XmlDocument& document, size_t max_bytes) {
    ScriptArgument argument{base64_encode(document.to_string()), false};
    if (argument.base64.size() <= max_bytes) return argument;
    XmlDocument shorter = document.copy();
    shorter.remove_children("MARKETPLACE/MARKETPLACEAPPS", "ID");
    shorter.remove_children("DATASTORE/IMAGES", "ID");
    return {base64_encode(shorter.to_string()), true};
}

}  // namespace onemarket
