// SPDX-License-Identifier: Apache-2.0
#include "daemon/handlers/remove.h"

namespace onemarket {

void handle_remove(const Services& services, const DriverMessage& message, Context& context,
                   const std::optional<std::string>& published_source) {
    const std::optional<AppType> type = message.app_type();
    if (type == AppType::vm_template || type == AppType::service_template)
        return;  // oned holds all there is of it

    context.check();
    const auto backend = services.backend(message);
    if (const std::string refusal = backend->refusal(Action::remove); !refusal.empty())
        throw Error(ErrorKind::unsupported, refusal);
    std::optional<std::string> source = message.text("MARKETPLACEAPP/SOURCE");
    if (!source) source = published_source;
    if (source) return backend->remove(message, *source, context);
    try {
        backend->discard(message, context);
    } catch (const Error& error) {
        if (error.kind() == ErrorKind::cancelled || error.kind() == ErrorKind::timeout) throw;
        // There is nothing published, so the app is deleted whatever became of the leftovers.
        context.log().log(LogLevel::warning, std::string("looking for leftovers: ") + error.what());
    }
}

}  // namespace onemarket
