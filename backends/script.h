// SPDX-License-Identifier: Apache-2.0
// Any other marketplace: the site's remotes/market/<type>/{import,delete,monitor} scripts.
#pragma once

#include <string>

#include "backends/backend.h"
#include "backends/site.h"

namespace onemarket {

class ScriptBackend : public Backend {
  public:
    // `site` must outlive this; `type` is a driver name (is_driver_name).
    ScriptBackend(const Site& site, const std::string& type)
        : site_(site), folder_(site.remotes + "/market/" + type) {}

    bool serves(const DriverMessage&) const override { return true; }
    PublishedApp import(const DriverMessage& message, ImageSource& image,
                        Context& context) const override;
    // What a script had begun nobody knows.
    bool can_resume() const override { return false; }
    void remove(const DriverMessage& message, const std::string& source,
                Context& context) const override;
    // Nothing to do: no script knows of an app without a SOURCE.
    void discard(const DriverMessage&, Context&) const override {}
    std::unique_ptr<Reader> open(const DriverMessage& message, const std::string& source,
                                 Context& context) const override;
    std::unique_ptr<Inventory> inventory(const DriverMessage& message,
                                         Context& context) const override;
    void check(const DriverMessage& message, Context& context, Findings& findings) const override;
    std::string monitor(const DriverMessage& message, Context& context) const override;

  private:
    std::string run(const std::string& script, const XmlDocument& document, Context& context) const;

    const Site& site_;
    std::string folder_;
};

}  // namespace onemarket
