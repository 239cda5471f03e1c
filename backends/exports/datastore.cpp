// SPDX-License-Identifier: Apache-2.0
#include "backends/exports/datastore.h"

#include "protocol/ascii.h"

namespace onemarket {
namespace {

constexpr std::string_view kRaw = "raw";

}  // namespace

std::string block_format(const DriverMessage& message) {
    for (const char* path : {"IMAGE/FORMAT", "IMAGE/TEMPLATE/DRIVER", "DATASTORE/TEMPLATE/DRIVER"})
        if (const auto format = message.text(path)) return ascii::to_lower(*format);
    return std::string(kRaw);
}

bool is_to_be_confirmed(std::string_view block_format) {
    return block_format != kRaw;
}

std::shared_ptr<Bridge> datastore_bridge(const DriverMessage& message, const Site& site,
                                         Context& context) {
    return connect_bridge(ssh_settings(site),
                          bridge_hosts(message.required_datastore("BRIDGE_LIST")), context.id(),
                          context);
}

}  // namespace onemarket
