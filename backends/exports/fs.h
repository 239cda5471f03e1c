// SPDX-License-Identifier: Apache-2.0
// Datastore `fs`: images are files, of this host or of a bridge.
#pragma once

#include "backends/exporter.h"
#include "backends/site.h"

namespace onemarket {

class FsExporter : public Exporter {
  public:
    // `site` must outlive this.
    explicit FsExporter(const Site& site) : site_(site) {}

    bool serves(const DriverMessage&) const override { return true; }

    // IMAGE/SOURCE is the path, IMAGE/SIZE the size. The format is IMAGE/FORMAT, and the bytes must
    // confirm it; without one it is what the bytes say. An image that needs another file (a backing
    // file, an external data file, an extent) is refused.
    std::unique_ptr<ImageSource> export_image(const DriverMessage& message,
                                              Context& context) const override;

  private:
    const Site& site_;
};

}  // namespace onemarket
