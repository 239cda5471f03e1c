// SPDX-License-Identifier: Apache-2.0
// Marketplace `http`: a folder of this host that a web server shows.
#pragma once

#include "backends/backend.h"

namespace onemarket {

// PUBLIC_DIR is the folder, BASE_URL its address.
class HttpBackend : public Backend {
  public:
    // False with a BRIDGE_LIST: the folder is elsewhere.
    bool serves(const DriverMessage& message) const override;
    PublishedApp import(const DriverMessage& message, ImageSource& image,
                        Context& context) const override;
    void remove(const DriverMessage& message, const std::string& source,
                Context& context) const override;
    void discard(const DriverMessage& message, Context& context) const override;
    std::string monitor(const DriverMessage& message, Context& context) const override;
};

}  // namespace onemarket
