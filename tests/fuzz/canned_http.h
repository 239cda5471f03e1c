// SPDX-License-Identifier: Apache-2.0
// HTTP without a network: HttpClient as it is linked here asks this server.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "backends/io/http_client.h"

namespace onemarket::fuzz {

struct CannedAnswer {
    HttpResponse head;
    std::string body;
    bool breaks = false;  // behind the body, instead of its end
    unsigned seed = 0;    // of the pieces it comes in
};

// Gives each request its answer; nothing: nobody answers.
using CannedServer = std::function<std::optional<CannedAnswer>(const HttpRequest& request)>;

// From now on all requests go there.
void serve(CannedServer server);

}  // namespace onemarket::fuzz
