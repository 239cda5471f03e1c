// SPDX-License-Identifier: Apache-2.0
// DELETE: an app leaves its marketplace.
#pragma once

#include <optional>
#include <string>

#include "daemon/services.h"

namespace onemarket {

// `published_source`: where the app's own import, which ended a moment ago, had put it; oned does
// not know yet. An app without a SOURCE (its import failed) has nothing to remove but leftovers.
// Throws Error for a FAILURE. Returns the obstacle where leftovers may stay: the app is deleted all
// the same, and they are to be looked for again.
std::optional<Error> handle_remove(const Services& services, const DriverMessage& message,
                                   Context& context,
                                   const std::optional<std::string>& published_source);

// Removes what the import of the context's record has left, and nothing that oned was ever told of.
void handle_clearing(const Services& services, const DriverMessage& message, Context& context);

}  // namespace onemarket
