// SPDX-License-Identifier: Apache-2.0
// An image read again and compared with what its marketplace notes of it.
#pragma once

#include <functional>
#include <string>

#include "backends/io/manifest.h"
#include "backends/io/stream.h"

namespace onemarket {

// Reads the image to its end. Empty where it is what the manifest says, else what differs: "MD5 is
// X, noted is Y; ...". `progress` is told, now and then, how many bytes were read. Throws what the
// reader throws.
std::string differences(const Manifest& manifest, Reader& image,
                        const std::function<void(uint64_t)>& progress, Context& context);

}  // namespace onemarket
