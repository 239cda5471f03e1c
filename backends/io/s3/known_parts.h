// SPDX-License-Identifier: Apache-2.0
// Parts a multipart upload has from an earlier life of the driver: what need not be sent again,
// once it is known to be what the image has there.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "backends/io/digest.h"
#include "backends/io/s3/bucket.h"

namespace onemarket {

// Reads along, part by part, and compares each with the service's ETag where that is an MD5. Used
// by one thread.
class KnownParts {
  public:
    using Parts = std::map<uint64_t, S3Bucket::UploadedPart>;
    void set(Parts parts) { parts_ = std::move(parts); }

    // The part with this number follows.
    void begin(uint64_t number);
    void update(std::span<const std::byte> bytes) {
        if (known_) md5_.update(bytes);
    }
    void update_zeros(size_t count) {
        if (known_) md5_.update_zeros(count);
    }
    // The part's ETag where the service has it, so large and in the bytes that were given.
    std::optional<std::string> match(uint64_t size);

  private:
    Parts parts_;
    const S3Bucket::UploadedPart* known_ = nullptr;  // the part that is read; null: not known
    Digest md5_{"MD5"};
};

}  // namespace onemarket
