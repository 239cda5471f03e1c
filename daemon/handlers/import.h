// SPDX-License-Identifier: Apache-2.0
// IMPORT: an image leaves its datastore and enters a marketplace.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "daemon/services.h"

namespace onemarket {

// Asked once the app is published: may oned be told so? No means that the import was cancelled.
using Commit = std::function<bool(const std::string& source)>;

// Exports, imports, and disposes of what the export left. Returns the info of the SUCCESS line, or
// nothing when oned must get no answer at all (apps that are templates: any answer, SUCCESS too,
// would put them in ERROR). Throws Error for a FAILURE.
std::optional<std::string> handle_import(const Services& services, const DriverMessage& message,
                                         Context& context, const Commit& commit);

}  // namespace onemarket
