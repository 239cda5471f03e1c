// SPDX-License-Identifier: Apache-2.0
// onemarketctl check: what a marketplace needs, tried.
#pragma once

#include <string>
#include <string_view>

#include "backends/findings.h"
#include "daemon/layout.h"
#include "protocol/driver_message.h"

namespace onemarket {

// A marketplace as people have it at hand: a driver message (a line, its base64, XML), what
// `onemarket show -x` prints, or the template that `onemarket create` is given. Throws Error
// (bad_request) when it is none of these.
DriverMessage described_market(std::string_view text);

// What an installation has to say of it first: a warning where the driver is not told to serve the
// type, and where somebody else than the driver's user asks.
void check_surroundings(const Layout& layout, const std::string& type, const std::string& given,
                        Findings& findings);

}  // namespace onemarket
