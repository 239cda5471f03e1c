// SPDX-License-Identifier: Apache-2.0
#include "backends/exports/datastore.h"

#include "protocol/ascii.h"

namespace onemarket {

std::string block_format(const DriverMessage& message) {
    for (const char* path : {"IMAGE/FORMAT", "IMAGE/TEMPLATE/DRIVER", "DATASTORE/TEMPLATE/DRIVER"})
        if (const auto format = message.text(path)) return ascii::to_lower(*format);
    return "raw";
}

std::shared_ptr<Bridge> datastore_bridge(const DriverMessage& message, const Site& site,
                                         Context& context) {
    return connect_bridge(ssh_settings(site),
                          bridge_hosts(message.required_datastore("BRIDGE_LIST")), context.id(),
                          context);
}

}  // namespace onemarket
