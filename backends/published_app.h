// SPDX-License-Identifier: Apache-2.0
// What an app is in its marketplace, once imported.
#pragma once

#include <string>
#include <string_view>

#include "protocol/error.h"

namespace onemarket {

// The four attributes oned asks for.
struct PublishedApp {
    std::string source;   // where an importer finds it
    std::string md5;      // of the stored bytes, lower-case hex
    std::string size_mb;  // whole number
    std::string format;

    // As oned is told: template text, a line each.
    std::string text() const;
};

// Reads such a text; values are trimmed, and none may be empty.
Result<PublishedApp> parse_published_app(std::string_view text);

}  // namespace onemarket
