// SPDX-License-Identifier: Apache-2.0
#include "backends/one.h"

#include "backends/discovery/appliance.h"
#include "backends/io/url.h"

namespace onemarket {
namespace {

constexpr const char* kEndpoint = "https://marketplace.opennebula.io";

}  // namespace

Catalogue OneBackend::catalogue(const DriverMessage& message) const {
    const Result<Url> url = parse_url(message.market("ENDPOINT").value_or(kEndpoint));
    // The text is not repeated: whoever put credentials into it does not want them in a log.
    if (!url) throw Error(ErrorKind::bad_request, "ENDPOINT " + url.reason());
    const std::string endpoint = url->origin() + url->path;
    return {endpoint + "/appliance", "", "appliances", JsonValue::Kind::array,
            [endpoint](const std::string&, std::string_view, const JsonValue& entry) {
                return read_appliance(endpoint, entry);
            }};
}

}  // namespace onemarket
