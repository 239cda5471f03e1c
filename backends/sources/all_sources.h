// SPDX-License-Identifier: Apache-2.0
// Which source reads a location that an export script named.
#pragma once

#include <memory>

#include "backends/image_source.h"
#include "backends/site.h"
#include "protocol/driver_message.h"

namespace onemarket {

// Whose template's credentials an s3:// is read with, if it has any; the first that does counts.
enum class S3Owners {
    datastore_first,    // what a datastore exports
    marketplace_first,  // what a marketplace offers
};

// A path, http(s)://, rbd:// and ssh:// are read by the driver itself; so is s3:// where the
// datastore's or the marketplace's template has credentials for it. Anything else is the site's
// downloader's. Opens nothing yet. `site` must outlive the source. Throws Error (bad_request) on
// attributes of an S3 service that cannot be.
std::unique_ptr<ImageSource> make_source(ImageFacts facts, const DriverMessage& message,
                                         const Site& site,
                                         S3Owners owners = S3Owners::datastore_first);

}  // namespace onemarket
