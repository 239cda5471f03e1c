// SPDX-License-Identifier: Apache-2.0
// Datastore `lvm`: images are logical volumes, of this host or of a bridge.
#pragma once

#include "backends/exporter.h"
#include "backends/site.h"

namespace onemarket {

class LvmExporter : public Exporter {
  public:
    // `site` must outlive this.
    explicit LvmExporter(const Site& site) : site_(site) {}

    bool serves(const DriverMessage&) const override { return true; }

    // IMAGE/SOURCE is VG/LV. Where it is not active it is made so, for as long as the source lives.
    std::unique_ptr<ImageSource> export_image(const DriverMessage& message,
                                              Context& context) const override;

  private:
    const Site& site_;
};

}  // namespace onemarket
