// SPDX-License-Identifier: Apache-2.0
#include "daemon/handlers/remove.h"

namespace onemarket {

std::optional<Error> handle_remove(const Services& services, const DriverMessage& message,
                                   Context& context,
                                   const std::optional<std::string>& published_source) {
    const std::optional<AppType> type = message.app_type();
    if (type == AppType::vm_template || type == AppType::service_template)
        return std::nullopt;  // oned holds all there is of it

    context.check();
    const auto backend = services.backend(message);
    if (const std::string refusal = backend->refusal(Action::remove); !refusal.empty())
        throw Error(ErrorKind::unsupported, refusal);
    std::optional<std::string> source = message.text("MARKETPLACEAPP/SOURCE");
    if (!source) source = published_source;
    if (source) {
        backend->remove(message, *source, context);
        return std::nullopt;
    }
    try {
        backend->clear(message, context);
    } catch (const Error& error) {
        if (error.kind() == ErrorKind::cancelled) throw;
        // Nobody knows of anything published, so the app is deleted whatever becomes of leftovers.
        // That is said once.
        context.log().log(context.record().resumed() ? LogLevel::debug : LogLevel::warning,
                          std::string("looking for leftovers: ") + error.what());
        if (may_be_cleared_later(error.kind())) return error;
    }
    return std::nullopt;
}

void handle_clearing(const Services& services, const DriverMessage& message, Context& context) {
    context.check();
    services.backend(message)->discard(message, context);
}

}  // namespace onemarket
