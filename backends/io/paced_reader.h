// SPDX-License-Identifier: Apache-2.0
// A source that gives no more bytes a second than it may.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "backends/io/stream.h"

namespace onemarket {

// What it gives since its first byte is never more than the rate allows, but for what was asked for
// at a time. Holes cost nothing. Where `from` reads ahead, that is beside the rate.
class PacedReader : public Reader {
  public:
    // `rate`: bytes a second, more than 0.
    PacedReader(std::unique_ptr<Reader> from, uint64_t rate)
        : from_(std::move(from)), rate_(rate) {}

    Piece read(std::span<std::byte> buffer, Context& context) override;
    uint64_t allocated() const override { return from_->allocated(); }
    std::optional<uint64_t> length() const override { return from_->length(); }

  private:
    std::unique_ptr<Reader> from_;
    uint64_t rate_;
    uint64_t given_ = 0;  // bytes since began_
    Context::Clock::time_point began_ = Context::Clock::now();
};

}  // namespace onemarket
