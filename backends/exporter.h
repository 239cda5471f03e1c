// SPDX-License-Identifier: Apache-2.0
// The datastore's half of an import: from the IMAGE of a driver message to its bytes.
#pragma once

#include <memory>

#include "backends/image_source.h"
#include "protocol/driver_message.h"

namespace onemarket {

// One kind of datastore. Stateless and shared by all threads.
class Exporter {
  public:
    virtual ~Exporter() = default;

    // False where this datastore is set up in a way only the site's script can serve.
    virtual bool serves(const DriverMessage& message) const = 0;

    // Throws Error. `context` must outlive the image.
    virtual std::unique_ptr<ImageSource> export_image(const DriverMessage& message,
                                                      Context& context) const = 0;
};

}  // namespace onemarket
