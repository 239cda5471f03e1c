// SPDX-License-Identifier: Apache-2.0
#include "daemon/subject.h"

#include <new>

#include "protocol/reply.h"

namespace onemarket {
namespace {

constexpr size_t kMostName = 128;  // bytes, as oned's own limit

}  // namespace

Subject subject_of(const DriverMessage& message) {
    const auto name = [&](std::string_view path) {
        return one_line(message.text(path).value_or(""), kMostName);
    };
    const std::optional<AppType> type = message.app_type();
    return {message.market_id(), name("MARKETPLACE/NAME"), name("MARKETPLACEAPP/NAME"),
            type == AppType::vm_template || type == AppType::service_template};
}

Subject subject_of(const Request& request) {
    try {
        const Result<DriverMessage> message = DriverMessage::decode(request.payload);
        return message ? subject_of(*message) : Subject();
    } catch (const std::bad_alloc&) {
        return {};  // who works on it will meet it again, and answer
    }
}

}  // namespace onemarket
