// SPDX-License-Identifier: Apache-2.0
// A source that gives no more bytes a second than it may.
#pragma once

#include <memory>

#include "backends/io/bandwidth.h"
#include "backends/io/stream.h"

namespace onemarket {

// What a hole costs: nothing where it was never there, as in a file; its zeros where they came over
// a line.
enum class Holes { free, counted };

// Where `from` reads ahead, that is beside the rate.
class PacedReader : public Reader {
  public:
    PacedReader(std::unique_ptr<Reader> from, std::shared_ptr<Bandwidth> bandwidth,
                Holes holes = Holes::free)
        : from_(std::move(from)), bandwidth_(std::move(bandwidth)), holes_(holes) {}

    Piece read(std::span<std::byte> buffer, Context& context) override;
    bool changed() const override { return from_->changed(); }
    uint64_t allocated() const override { return from_->allocated(); }
    std::optional<uint64_t> length() const override { return from_->length(); }

  private:
    std::unique_ptr<Reader> from_;
    std::shared_ptr<Bandwidth> bandwidth_;
    Holes holes_;
};

}  // namespace onemarket
