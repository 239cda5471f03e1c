// SPDX-License-Identifier: Apache-2.0
// The answer of a datastore's `export` script: where the image's bytes are, and what they are.
#pragma once

#include <string>
#include <string_view>

#include "protocol/error.h"

namespace onemarket {

// `<IMPORT_INFO>` as the site's export scripts print it; elements that are missing are empty.
struct ImportInfo {
    std::string source;  // IMPORT_SOURCE: a path, or a URL the site's downloader understands
    std::string md5;     // of the bytes, 32 hex digits, or whatever the script says instead
    std::string size_mb;
    std::string format;
    bool dispose = false;         // DISPOSE=YES: the driver runs the command when it is done
    std::string dispose_command;  // DISPOSE_CMD
};

// Reads the script's output. Text behind the root is accepted (the site's ceph and seed scripts
// print a stray quote there); no IMPORT_SOURCE is a failure.
Result<ImportInfo> parse_import_info(std::string_view output);

}  // namespace onemarket
