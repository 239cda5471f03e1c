// SPDX-License-Identifier: Apache-2.0
// Datastore `fs`: images are files of this host.
#pragma once

#include "backends/exporter.h"

namespace onemarket {

class FsExporter : public Exporter {
  public:
    // False with a BRIDGE_LIST: the files are elsewhere.
    bool serves(const DriverMessage& message) const override;

    // IMAGE/SOURCE is the path, IMAGE/SIZE the size. The format is IMAGE/FORMAT, and the bytes must
    // confirm it; without one it is what the bytes say. An image that needs another file (a backing
    // file, an external data file, an extent) is refused.
    std::unique_ptr<ImageSource> export_image(const DriverMessage& message,
                                              Context& context) const override;
};

}  // namespace onemarket
