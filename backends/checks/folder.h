// SPDX-License-Identifier: Apache-2.0
// Whether a public folder can do what an import needs of it, and its address shows what is in it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "backends/findings.h"
#include "backends/io/folder.h"
#include "backends/io/http_client.h"

namespace onemarket {

struct FolderToCheck {
    std::string name;  // as Folder::name()
    std::function<std::unique_ptr<Folder>(Context&)> open;
    std::string url;  // BASE_URL, without a slash at its end
};

// Writes a small file there, reads it, fetches it by the address and removes it, however this ends.
// It has the name of a manifest without an image: should it stay, gc removes it.
void check_folder(const FolderToCheck& folder, const HttpSettings& http, Context& context,
                  Findings& findings);

}  // namespace onemarket
