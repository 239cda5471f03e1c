// SPDX-License-Identifier: Apache-2.0
// Source: whatever else the site's datastore/downloader.sh can fetch.
#pragma once

#include "backends/image_source.h"
#include "backends/site.h"

namespace onemarket {

// Streams `<the site's downloader> --nodecomp <location> -`. Where the location comes from the
// site's own export script, so does the syntax the downloader understands.
class DownloaderSource : public ImageSource {
  public:
    // `site` must outlive this.
    DownloaderSource(ImageFacts facts, const Site& site)
        : ImageSource(std::move(facts)), site_(site) {}

    std::unique_ptr<Reader> open(Context& context) override;

  private:
    const Site& site_;
};

}  // namespace onemarket
