// SPDX-License-Identifier: Apache-2.0
// Which source reads a location that an export script named.
#pragma once

#include <memory>

#include "backends/image_source.h"
#include "backends/site.h"

namespace onemarket {

// A path, ssh:// and rbd:// are read by the driver itself, anything else by the site's downloader.
// Opens nothing yet.
// `site` must outlive the source.
std::unique_ptr<ImageSource> make_source(ImageFacts facts, const Site& site);

}  // namespace onemarket
