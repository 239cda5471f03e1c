// SPDX-License-Identifier: Apache-2.0
// The first bytes of a source, and no more of it.
#pragma once

#include <algorithm>
#include <memory>

#include "backends/io/stream.h"

namespace onemarket {

// Ends after so many bytes; what comes behind them is not looked at.
class FirstBytes : public Reader {
  public:
    FirstBytes(std::unique_ptr<Reader> from, uint64_t most) : from_(std::move(from)), left_(most) {}

    Piece read(std::span<std::byte> buffer, Context& context) override {
        if (left_ == 0) return {};
        Piece piece = from_->read(buffer.first(std::min<uint64_t>(buffer.size(), left_)), context);
        piece.size = std::min(piece.size, left_);  // a hole may be longer
        left_ -= piece.size;
        return piece;
    }

  private:
    std::unique_ptr<Reader> from_;
    uint64_t left_;  // bytes
};

}  // namespace onemarket
