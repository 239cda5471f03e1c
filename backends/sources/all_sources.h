// SPDX-License-Identifier: Apache-2.0
// Which source reads a location that an export script named.
#pragma once

#include <memory>

#include "backends/image_source.h"
#include "backends/site.h"
#include "protocol/driver_message.h"

namespace onemarket {

// A path, http(s)://, rbd:// and ssh:// are read by the driver itself; so is s3:// where the
// datastore's template, or else the marketplace's, has credentials for it. Anything else is the
// site's downloader's. Opens nothing yet. `site` must outlive the source. Throws Error
// (bad_request) on attributes of an S3 service that cannot be.
std::unique_ptr<ImageSource> make_source(ImageFacts facts, const DriverMessage& message,
                                         const Site& site);

}  // namespace onemarket
