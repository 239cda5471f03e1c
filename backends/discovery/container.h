// SPDX-License-Identifier: Apache-2.0
// One product of a simplestreams server (products:1.0), as images.linuxcontainers.org has them: a
// container's root file system, of which an image will be made when somebody exports the app.
//
//   "<distribution>:<version>:<architecture>:<variant>": {"versions": {"YYYYMMDD_HH:MM":
//     {"items": {"root.tar.xz": {"path": <path below the server>, …}, …}}, …}, …}
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "backends/discovery/app_list.h"
#include "backends/io/json.h"
#include "protocol/driver_message.h"

namespace onemarket {

// The marketplace's template, but for ENDPOINT.
struct ContainerOptions {
    // What the image will be: these are part of its MD5.
    uint64_t size_mb = 1024;
    std::string filesystem = "ext4";
    std::string format = "raw";
    // What its VM template will say.
    std::string cpu = "1";
    uint64_t vcpu = 2;
    uint64_t memory_mb = 768;
    bool privileged = true;
    // Only distributions that OpenNebula's context packages are known to work in.
    bool skip_untested = true;

    // All of it in one text.
    std::string text() const;
};

// Throws Error (bad_request) that names the attribute.
ContainerOptions container_options(const DriverMessage& message);

// The app; nothing for a product that is not offered: another architecture or variant, a
// distribution that is left out, no version with a root.tar.xz. A failure where it is malformed.
// `endpoint`: the server's address, without a slash at its end.
Result<std::optional<DiscoveredApp>> read_product(const std::string& endpoint,
                                                  const ContainerOptions& options,
                                                  std::string_view product, const JsonValue& entry);

}  // namespace onemarket
