// SPDX-License-Identifier: Apache-2.0
// onemarketctl check: what a marketplace needs, tried.
#pragma once

#include <string>
#include <string_view>

#include "protocol/driver_message.h"

namespace onemarket {

// A marketplace as people have it at hand: a driver message (a line, its base64, XML), what
// `onemarket show -x` prints, or the template that `onemarket create` is given. Throws Error
// (bad_request) when it is none of these.
DriverMessage described_market(std::string_view text);

}  // namespace onemarket
