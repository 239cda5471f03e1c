// SPDX-License-Identifier: Apache-2.0
// What a request is about, as its message says: for those who look at the driver, and to know a
// template from an image.
#pragma once

#include <optional>
#include <string>

#include "protocol/driver_message.h"
#include "protocol/request.h"

namespace onemarket {

struct Subject {
    std::optional<ObjectId> market;
    std::string market_name, app_name;  // one line each, and of a decent length
    // True for an app that is a VM or service template: its IMPORT gets no answer.
    bool is_template = false;
};

Subject subject_of(const DriverMessage& message);
// The same of a message that is not read yet; nothing is known of one that cannot be.
Subject subject_of(const Request& request);

}  // namespace onemarket
