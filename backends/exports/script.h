// SPDX-License-Identifier: Apache-2.0
// Any other datastore: the site's remotes/datastore/<type>/export script.
#pragma once

#include <string>

#include "backends/exporter.h"
#include "backends/site.h"

namespace onemarket {

class ScriptExporter : public Exporter {
  public:
    // `site` must outlive this.
    ScriptExporter(const Site& site, std::string type) : site_(site), type_(std::move(type)) {}

    bool serves(const DriverMessage&) const override { return true; }

    // Runs the script in the calling convention of the site's release and reads its IMPORT_INFO.
    std::unique_ptr<ImageSource> export_image(const DriverMessage& message,
                                              Context& context) const override;

  private:
    const Site& site_;
    std::string type_;
};

}  // namespace onemarket
