// SPDX-License-Identifier: Apache-2.0
// A source that gives no more bytes a second than it may.
#pragma once

#include <memory>

#include "backends/io/bandwidth.h"
#include "backends/io/stream.h"

namespace onemarket {

// A hole costs nothing where it was never there, as in a file, and its zeros where they came over a
// line. Where `from` reads ahead, that is beside the rate.
class PacedReader : public Reader {
  public:
    PacedReader(std::unique_ptr<Reader> from, std::shared_ptr<Bandwidth> bandwidth)
        : from_(std::move(from)), bandwidth_(std::move(bandwidth)) {}

    Piece read(std::span<std::byte> buffer, Context& context) override;
    bool changed() const override { return from_->changed(); }
    uint64_t allocated() const override { return from_->allocated(); }
    std::optional<uint64_t> length() const override { return from_->length(); }

  private:
    std::unique_ptr<Reader> from_;
    std::shared_ptr<Bandwidth> bandwidth_;
};

}  // namespace onemarket
