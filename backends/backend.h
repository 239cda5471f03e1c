// SPDX-License-Identifier: Apache-2.0
// A kind of marketplace. This interface is the contract; docs/writing-a-backend.md is its guide,
// and tests/conformance proves it for every backend.
#pragma once

#include <string>

#include "backends/image_source.h"
#include "protocol/action.h"
#include "protocol/driver_message.h"

namespace onemarket {

// What an app is in its marketplace, once imported: the four attributes oned asks for.
struct PublishedApp {
    std::string source;   // where an importer finds it
    std::string md5;      // of the stored bytes, lower-case hex
    std::string size_mb;  // whole number
    std::string format;
};

// Stateless, and shared by all threads. Every function may take long, calls context.check() on the
// way, and ends the request by throwing Error.
class Backend {
  public:
    virtual ~Backend() = default;

    // False where this marketplace is set up in a way only the site's scripts can serve.
    virtual bool serves(const DriverMessage& message) const = 0;

    // What oned is told, at once and before anything is exported, when it wants an app imported
    // into this marketplace or deleted from it, and the marketplace is one that is only discovered.
    // Empty for all others.
    virtual std::string refusal(Action) const { return {}; }

    // Stores the image under a name that tells the app's id and meets no other. On return it is
    // whole, durable and public; when this throws, nothing is left of it.
    virtual PublishedApp import(const DriverMessage& message, ImageSource& image,
                                Context& context) const = 0;

    // Removes what import() stored at `source`. Throws not_found when it is gone already, and
    // touches nothing that is not of this marketplace.
    virtual void remove(const DriverMessage& message, const std::string& source,
                        Context& context) const = 0;

    // Removes what is left of an import of this app that was never published.
    virtual void discard(const DriverMessage& message, Context& context) const = 0;

    // Template text for oned: USED_MB, FREE_MB, TOTAL_MB, and the list of apps of a marketplace
    // that is discovered. Complete, or an Error: oned drops the apps it does not see.
    virtual std::string monitor(const DriverMessage& message, Context& context) const = 0;
};

}  // namespace onemarket
