// SPDX-License-Identifier: Apache-2.0
// Marketplace `linuxcontainers`: the containers of images.linuxcontainers.org, or of another server
// of simplestreams. docs/markets/discovery.md describes its attributes.
#pragma once

#include "backends/discovery/backend.h"

namespace onemarket {

class LinuxContainersBackend : public DiscoveryBackend {
  public:
    // `site` must outlive it.
    explicit LinuxContainersBackend(const Site& site)
        : DiscoveryBackend(site, "linuxcontainers.org") {}

  protected:
    Catalogue catalogue(const DriverMessage& message) const override;
};

}  // namespace onemarket
