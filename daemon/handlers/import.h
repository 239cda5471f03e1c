// SPDX-License-Identifier: Apache-2.0
// IMPORT: an image leaves its datastore and enters a marketplace.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "daemon/services.h"

namespace onemarket {

// Asked once the app is published: may oned be told so? No means that the import was cancelled.
using Commit = std::function<bool(const std::string& source)>;

// What became of this import in lives of the driver that have ended.
struct EarlierLives {
    bool any = false;       // oned has sent it to one of them
    unsigned delays = 0;    // how often this one has put it off
    unsigned attempts = 0;  // that ended with the process, though nobody had meant it to
    std::chrono::system_clock::duration age{0};  // since it was accepted
};
// An import that ends the driver each time, or gets nowhere for so long, is given up.
inline constexpr unsigned kMaxAttempts = 5;
inline constexpr std::chrono::hours kMaxAge{7 * 24};
// A clock may be wrong: however old it is, it is put off so often.
inline constexpr unsigned kFewestDelays = 5;

// Thrown for an import of an earlier life whose end is no answer: its marketplace cannot be reached
// just now, or its image. All is as it was, and it is to be begun again later.
class PutOff : public Error {
  public:
    using Error::Error;
};

// Exports, imports, and disposes of what the export left. Returns the info of the SUCCESS line, or
// nothing when oned must get no answer at all (apps that are templates: any answer, SUCCESS too,
// would put them in ERROR). Throws Error for a FAILURE. An import that was begun by an earlier life
// goes on; what that one has published already is read back, and is the answer. What could not be
// cleared away behind a FAILURE is told by the record (ImportRecord::left).
std::optional<std::string> handle_import(const Services& services, const DriverMessage& message,
                                         Context& context, const EarlierLives& earlier,
                                         const Commit& commit);

}  // namespace onemarket
