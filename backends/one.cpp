// SPDX-License-Identifier: Apache-2.0
#include "backends/one.h"

#include "backends/discovery/appliance.h"
#include "backends/discovery/endpoint.h"

namespace onemarket {
namespace {

constexpr const char* kEndpoint = "https://marketplace.opennebula.io";

}  // namespace

Catalogue OneBackend::catalogue(const DriverMessage& message) const {
    const std::string endpoint = endpoint_of(message, kEndpoint);
    return {endpoint + "/appliance",
            "",
            "appliances",
            JsonValue::Kind::array,
            [endpoint](const std::string&) { return endpoint; },
            [](const std::string& server, std::string_view, const JsonValue& entry) {
                return read_appliance(server, entry);
            }};
}

}  // namespace onemarket
