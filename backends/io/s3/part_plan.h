// SPDX-License-Identifier: Apache-2.0
// How an image is cut into the parts of a multipart upload. Source: "Amazon S3 multipart upload
// limits": 10,000 parts of 5 MiB (but for the last) to 5 GiB, 5 TiB in all.
#pragma once

#include <cstdint>

namespace onemarket {

inline constexpr uint64_t kS3MaxParts = 10'000;
inline constexpr uint64_t kS3MinPart = uint64_t{5} << 20;    // bytes
inline constexpr uint64_t kS3MaxPart = uint64_t{5} << 30;    // bytes
inline constexpr uint64_t kS3MaxObject = uint64_t{5} << 40;  // bytes

class PartPlan {
  public:
    // For an image of about `expected` bytes, `wanted` bytes a part; more where the image would not
    // fit into the parts there may be.
    PartPlan(uint64_t expected, uint64_t wanted);

    // Bytes of the part with this number, from 1; the last one of the image takes what is left. All
    // are equal as far as the expectation goes; behind it they grow, for a stream that turns out
    // longer than was promised.
    uint64_t size_of(uint64_t number) const;

  private:
    uint64_t equal_;  // number of parts of the same size
    uint64_t size_;   // of those
};

}  // namespace onemarket
