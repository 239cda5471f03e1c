// SPDX-License-Identifier: Apache-2.0
// Datastore `ceph`: images of an RBD pool, read by a bridge.
#pragma once

#include "backends/exporter.h"
#include "backends/site.h"

namespace onemarket {

class CephExporter : public Exporter {
  public:
    // `site` must outlive this.
    explicit CephExporter(const Site& site) : site_(site) {}

    bool serves(const DriverMessage&) const override { return true; }

    // IMAGE/SOURCE is pool/image, or an image of POOL_NAME; CEPH_USER, CEPH_KEY and CEPH_CONF of
    // the datastore are what `rbd` is told on a host of BRIDGE_LIST. Looks whether the image is
    // there.
    std::unique_ptr<ImageSource> export_image(const DriverMessage& message,
                                              Context& context) const override;

  private:
    const Site& site_;
};

}  // namespace onemarket
