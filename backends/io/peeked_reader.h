// SPDX-License-Identifier: Apache-2.0
// A source whose first bytes are known before it is read.
#pragma once

#include <memory>
#include <vector>

#include "backends/io/stream.h"

namespace onemarket {

// Gives the same bytes as `from`. Not thread-safe.
class PeekedReader : public Reader {
  public:
    // Reads up to so many bytes of it, fewer only where it has no more.
    PeekedReader(std::unique_ptr<Reader> from, size_t bytes, Context& context);

    std::span<const std::byte> front() const { return front_; }

    Piece read(std::span<std::byte> buffer, Context& context) override;
    uint64_t allocated() const override { return from_->allocated(); }
    std::optional<uint64_t> length() const override { return from_->length(); }

  private:
    std::unique_ptr<Reader> from_;
    std::vector<std::byte> front_;
    size_t given_ = 0;   // bytes of front_
    uint64_t hole_ = 0;  // what is left of one that begins in front_
};

}  // namespace onemarket
