// SPDX-License-Identifier: Apache-2.0
#include "daemon/handlers/monitor.h"

namespace onemarket {

std::string handle_monitor(const Services& services, const DriverMessage& message,
                           Context& context) {
    context.check();
    return services.backend(message)->monitor(message, context);
}

}  // namespace onemarket
