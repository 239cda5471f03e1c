// SPDX-License-Identifier: Apache-2.0
// A source without holes: for who wants every byte.
#pragma once

#include <algorithm>

#include "backends/io/stream.h"

namespace onemarket {

// Gives what `from` gives, its holes as the zeros they stand for.
class DenseReader : public Reader {
  public:
    // `from` must outlive this.
    explicit DenseReader(Reader& from) : from_(from) {}

    Piece read(std::span<std::byte> buffer, Context& context) override {
        if (hole_ == 0) {
            const Piece piece = from_.read(buffer, context);
            if (!piece.hole) return piece;
            hole_ = piece.size;
        }
        const uint64_t size = std::min<uint64_t>(hole_, buffer.size());
        std::fill_n(buffer.begin(), size, std::byte{});
        hole_ -= size;
        return {size, false};
    }

  private:
    Reader& from_;
    uint64_t hole_ = 0;  // what is left of one, bytes
};

}  // namespace onemarket
