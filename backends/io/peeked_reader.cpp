// SPDX-License-Identifier: Apache-2.0
#include "backends/io/peeked_reader.h"

#include <algorithm>
#include <utility>

namespace onemarket {

PeekedReader::PeekedReader(std::unique_ptr<Reader> from, size_t bytes, Context& context)
    : from_(std::move(from)), front_(bytes) {
    size_t filled = 0;
    while (filled < bytes) {
        const Piece piece = from_->read(std::span(front_).subspan(filled), context);
        if (piece.size == 0) break;
        const size_t size = std::min<uint64_t>(piece.size, bytes - filled);
        if (piece.hole) {
            std::fill_n(front_.begin() + static_cast<ptrdiff_t>(filled), size, std::byte{});
            hole_ = piece.size - size;
        }
        filled += size;
    }
    front_.resize(filled);
}

Piece PeekedReader::read(std::span<std::byte> buffer, Context& context) {
    if (given_ < front_.size()) {
        const size_t size = std::min(buffer.size(), front_.size() - given_);
        std::copy_n(front_.begin() + static_cast<ptrdiff_t>(given_), size, buffer.begin());
        given_ += size;
        return {size, false};
    }
    if (hole_ > 0) return {std::exchange(hole_, 0), true};
    return from_->read(buffer, context);
}

}  // namespace onemarket
