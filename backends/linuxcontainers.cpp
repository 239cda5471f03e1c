// SPDX-License-Identifier: Apache-2.0
#include "backends/linuxcontainers.h"

#include "backends/discovery/container.h"
#include "backends/discovery/endpoint.h"

namespace onemarket {
namespace {

constexpr const char* kEndpoint = "https://images.linuxcontainers.org";
constexpr std::string_view kStream = "/streams/v1/images.json";

// The server whose stream was found at `url`. A redirection may have led to a name that tells
// nothing of it: then it is the one that was asked.
Result<std::string> server_of(const std::string& url, const std::string& asked) {
    const Result<std::string> found = plain_address(url);
    if (!found) return found;
    return found->ends_with(kStream) ? found->substr(0, found->size() - kStream.size()) : asked;
}

}  // namespace

Catalogue LinuxContainersBackend::catalogue(const DriverMessage& message) const {
    const std::string asked = endpoint_of(message, kEndpoint);
    const ContainerOptions options = container_options(message);
    return {asked + std::string(kStream),
            options.text(),
            "products",
            JsonValue::Kind::object,
            [asked](const std::string& url) { return server_of(url, asked); },
            [options](const std::string& server, std::string_view name, const JsonValue& entry) {
                return read_product(server, options, name, entry);
            }};
}

}  // namespace onemarket
