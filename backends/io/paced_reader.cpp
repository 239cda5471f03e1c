// SPDX-License-Identifier: Apache-2.0
#include "backends/io/paced_reader.h"

#include <algorithm>

namespace onemarket {

Piece PacedReader::read(std::span<std::byte> buffer, Context& context) {
    bandwidth_->wait(context);
    const auto size = std::min<uint64_t>(buffer.size(), bandwidth_->share());
    const Piece piece = from_->read(buffer.first(size), context);
    if (!piece.hole || from_->reads_holes()) bandwidth_->take(piece.size);
    return piece;
}

}  // namespace onemarket
