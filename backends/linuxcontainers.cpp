// SPDX-License-Identifier: Apache-2.0
#include "backends/linuxcontainers.h"

#include "backends/discovery/container.h"
#include "backends/io/url.h"

namespace onemarket {
namespace {

constexpr const char* kEndpoint = "https://images.linuxcontainers.org";
constexpr std::string_view kStream = "/streams/v1/images.json";

// The server whose stream was found at `url`. A redirection may have led to a name that tells
// nothing of it: then it is the one that was asked.
std::string endpoint_of(const std::string& url, const std::string& asked) {
    return url.ends_with(kStream) ? url.substr(0, url.size() - kStream.size()) : asked;
}

}  // namespace

Catalogue LinuxContainersBackend::catalogue(const DriverMessage& message) const {
    const Result<Url> url = parse_url(message.market("ENDPOINT").value_or(kEndpoint));
    // The text is not repeated: whoever put credentials into it does not want them in a log.
    if (!url) throw Error(ErrorKind::bad_request, "ENDPOINT " + url.reason());
    const std::string asked = url->origin() + url->path;
    const ContainerOptions options = container_options(message);
    return {
        asked + std::string(kStream), options.text(), "products", JsonValue::Kind::object,
        [asked, options](const std::string& found, std::string_view name, const JsonValue& entry) {
            return read_product(endpoint_of(found, asked), options, name, entry);
        }};
}

}  // namespace onemarket
