// SPDX-License-Identifier: Apache-2.0
#include "backends/io/s3/known_parts.h"

#include "protocol/ascii.h"

namespace onemarket {

void KnownParts::begin(uint64_t number) {
    const auto found = parts_.find(number);
    known_ = found == parts_.end() ? nullptr : &found->second;
    if (known_ != nullptr) md5_.begin();
}

std::optional<std::string> KnownParts::match(uint64_t size) {
    if (known_ == nullptr || known_->size != size || ascii::to_lower(known_->etag) != md5_.finish())
        return std::nullopt;
    return known_->etag;
}

}  // namespace onemarket
