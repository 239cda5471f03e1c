// SPDX-License-Identifier: Apache-2.0
// Marketplace `one`: OpenNebula's public marketplace, or another that answers as it does.
// docs/markets/discovery.md describes its attributes.
#pragma once

#include "backends/discovery/backend.h"

namespace onemarket {

class OneBackend : public DiscoveryBackend {
  public:
    // `site` must outlive it.
    explicit OneBackend(const Site& site) : DiscoveryBackend(site, "OpenNebula") {}

  protected:
    Catalogue catalogue(const DriverMessage& message) const override;
};

}  // namespace onemarket
