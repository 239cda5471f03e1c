// SPDX-License-Identifier: Apache-2.0
// The document oned sends with a request: MARKET_DRIVER_ACTION_DATA, base64-encoded.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/error.h"
#include "protocol/request.h"
#include "protocol/xml.h"

namespace onemarket {

// oned's numbers for what a marketplace app is.
enum class AppType { image = 1, vm_template = 2, service_template = 3 };

// One decoded message. Attributes are named by slash paths below the root, as in XmlDocument:
// "MARKETPLACE/MARKET_MAD", "MARKETPLACEAPP/SOURCE". Immutable once parsed; not thread-safe.
class DriverMessage {
  public:
    // From the payload of a request. The failure's reason is for the log; oned is told
    // kCannotDecode.
    static Result<DriverMessage> decode(std::string_view base64);
    // From the XML itself.
    static Result<DriverMessage> parse(std::string_view xml);
    // The document a datastore's scripts are given, DS_DRIVER_ACTION_DATA, in base64: the same
    // attributes at the same places.
    static Result<DriverMessage> decode_datastore(std::string_view base64);

    // True when there is such an element, empty or not.
    bool has(std::string_view path) const { return document_.text(path).has_value(); }
    // The text at a path, trimmed of white space; nothing when it is missing or empty.
    std::optional<std::string> text(std::string_view path) const;
    // The same, or an Error (bad_request) that names the attribute.
    std::string required(std::string_view path) const;
    // An attribute of the marketplace's template, where an administrator wrote it.
    std::optional<std::string> market(std::string_view attribute) const;
    std::string required_market(std::string_view attribute) const;
    // The same for the datastore's.
    std::optional<std::string> datastore(std::string_view attribute) const;
    std::string required_datastore(std::string_view attribute) const;

    // The app's type; nothing when TYPE is missing or none of the three.
    std::optional<AppType> app_type() const;
    // The marketplace's id; nothing when the document does not say.
    std::optional<ObjectId> market_id() const;

    // The apps the marketplace lists: all it has, as far as oned knows. A failure where there is no
    // list, or something else in it.
    Result<std::vector<ObjectId>> market_apps() const;

    // Values that must not reach a log, a message or a command line: what attributes with names
    // like SECRET_ACCESS_KEY, PASSWORD or TOKEN hold, and what credentials_in() finds in addresses.
    std::vector<std::string> secrets() const;

    // The documents a site's scripts are given.
    using Values = std::vector<std::pair<std::string, std::string>>;
    // For a market script: this document with `values` as children of its root.
    XmlDocument with(const Values& values) const;
    // For a datastore script: DS_DRIVER_ACTION_DATA with this document's IMAGE and DATASTORE.
    XmlDocument datastore_document() const;

  private:
    static Result<DriverMessage> decode(std::string_view base64, std::string_view root);
    static Result<DriverMessage> parse(std::string_view xml, std::string_view root);
    explicit DriverMessage(XmlDocument document) : document_(std::move(document)) {}

    XmlDocument document_;
};

// What oned is told of a payload that is no driver message.
inline constexpr std::string_view kCannotDecode = "Cannot decode driver message";

// Base64 of a document for a script's argument. The kernel takes at most 128 KiB an argument:
// past `max_bytes` the lists of ids (all apps of the market, all images of the datastore), which no
// script needs, are left out of it.
struct ScriptArgument {
    std::string base64;
    bool lists_left_out = false;
};
inline constexpr size_t kMaxArgumentBytes = 128 * 1024 - 1;
ScriptArgument script_argument(const XmlDocument& document, size_t max_bytes = kMaxArgumentBytes);

}  // namespace onemarket
