// SPDX-License-Identifier: Apache-2.0
#include "backends/io/s3/part_plan.h"

#include <algorithm>

namespace onemarket {
namespace {

constexpr uint64_t kStep = uint64_t{1} << 20;  // sizes are whole MiB
constexpr uint64_t kReserve = 500;             // parts kept for what nobody expected
constexpr uint64_t kReservePartsPerDouble = 45;

}  // namespace

PartPlan::PartPlan(uint64_t expected, uint64_t wanted) : equal_(kS3MaxParts - kReserve) {
    const uint64_t bytes = std::clamp<uint64_t>(expected, 1, kS3MaxObject);
    const uint64_t needed = ((bytes + equal_ - 1) / equal_ + kStep - 1) / kStep * kStep;
    size_ = std::clamp(std::max(wanted, needed), kS3MinPart, kS3MaxPart);
}

uint64_t PartPlan::size_of(uint64_t number) const {
    if (number <= equal_) return size_;
    const uint64_t doublings = 1 + (number - equal_ - 1) / kReservePartsPerDouble;
    return std::min(kS3MaxPart, size_ << std::min<uint64_t>(doublings, 20));
}

}  // namespace onemarket
