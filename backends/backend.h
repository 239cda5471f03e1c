// SPDX-License-Identifier: Apache-2.0
// A kind of marketplace. This interface is the contract; docs/writing-a-backend.md is its guide,
// and tests/conformance proves it for every backend.
#pragma once

#include <memory>
#include <string>

#include "backends/findings.h"
#include "backends/image_source.h"
#include "backends/inventory.h"
#include "backends/published_app.h"
#include "protocol/action.h"
#include "protocol/driver_message.h"

namespace onemarket {

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
    // whole, durable and public; when this throws, nothing is left of it. What it is going to
    // publish it notes in the context's record before (kPublishingNote); and it may go on with what
    // an earlier life of the same import has noted. When the record is suspended it may leave what
    // it has sent so far.
    virtual PublishedApp import(const DriverMessage& message, ImageSource& image,
                                Context& context) const = 0;

    // Removes what import() stored at `source`. Throws not_found when it is gone already, and
    // touches nothing that is not of this marketplace.
    virtual void remove(const DriverMessage& message, const std::string& source,
                        Context& context) const = 0;

    // Removes what is left of imports of this app that oned was never told of; also what the
    // record's import has published, in this life or an earlier one.
    virtual void discard(const DriverMessage& message, Context& context) const = 0;

    // The same, and whatever else imports of this driver have published under this app's id and
    // name: for an app that is deleted, and of which nobody knows more.
    virtual void clear(const DriverMessage& message, Context& context) const {
        discard(message, context);
    }

    // For what an earlier life of this import has published at `app`: makes it as durable and as
    // complete as import() does, and removes what that life has left beside it.
    virtual void confirm(const DriverMessage& message, const PublishedApp& app,
                         Context& context) const {
        (void)message, (void)app, (void)context;
    }

    // False where an import that was begun by another life of the driver cannot be begun again.
    virtual bool can_resume() const { return true; }

    // The bytes of what import() published at `source`. Throws not_found when it is not there.
    // `context` must outlive the reader.
    virtual std::unique_ptr<Reader> open(const DriverMessage& message, const std::string& source,
                                         Context& context) const = 0;

    // What this marketplace holds. Throws Error (unsupported) where nobody can tell, or nothing is
    // stored in it. `context` must outlive it.
    virtual std::unique_ptr<Inventory> inventory(const DriverMessage& message,
                                                 Context& context) const = 0;

    // Tries what imports and exports need of this marketplace, for the administrator who sets it
    // up: a finding for each step, as soon as it is known, with a remedy for what fails. Nothing is
    // changed, and what was written to try is gone afterwards, also when this throws, which it does
    // where the context has ended.
    virtual void check(const DriverMessage& message, Context& context,
                       Findings& findings) const = 0;

    // Template text for oned: USED_MB, FREE_MB, TOTAL_MB, and the list of apps of a marketplace
    // that is discovered. Complete, or an Error: oned drops the apps it does not see.
    virtual std::string monitor(const DriverMessage& message, Context& context) const = 0;
};

}  // namespace onemarket
