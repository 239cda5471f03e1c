// SPDX-License-Identifier: Apache-2.0
// Source: a file of a web server, http://... or https://...
#pragma once

#include "backends/image_source.h"
#include "backends/site.h"

namespace onemarket {

class HttpSource : public ImageSource {
  public:
    // facts.location, asked for by open(): until then nothing fails. `site` must outlive this and
    // its reader.
    HttpSource(ImageFacts facts, const Site& site) : ImageSource(std::move(facts)), site_(site) {}

    std::unique_ptr<Reader> open(Context& context) override;

  private:
    const Site& site_;
};

}  // namespace onemarket
