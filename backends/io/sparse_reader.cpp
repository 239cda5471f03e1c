// SPDX-License-Identifier: Apache-2.0
#include "backends/io/sparse_reader.h"

#include <utility>

namespace onemarket {
namespace {

constexpr size_t kSmallestHole = size_t{64} << 10;

}  // namespace

Piece SparseReader::read(std::span<std::byte> buffer, Context& context) {
    if (hole_ > 0) return {std::exchange(hole_, 0), true};
    size_t filled = 0;
    while (filled < buffer.size()) {
        const Piece piece = from_->read(buffer.subspan(filled), context);
        if (piece.size == 0) break;
        if (piece.hole && filled == 0) return piece;
        if (piece.hole) {
            hole_ = piece.size;
            break;
        }
        filled += piece.size;
    }
    const bool hole = filled >= kSmallestHole && all_zeros(buffer.first(filled));
    return {filled, hole};
}

}  // namespace onemarket
