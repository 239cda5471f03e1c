// SPDX-License-Identifier: Apache-2.0
#include "backends/io/hashing_reader.h"

#include <algorithm>

namespace onemarket {

Piece HashingReader::read(std::span<std::byte> buffer, Context& context) {
    if (ended_) return {};
    HashThread::Buffer* ours = hash_.take();
    const std::span<std::byte> room = std::span(*ours).first(std::min(ours->size(), buffer.size()));
    const Piece piece = from_->read(room, context);
    if (piece.size == 0) {
        hash_.finish();
        ended_ = true;
    } else if (piece.hole) {
        hash_.give_back(ours);
        hash_.hash_hole(piece.size, nullptr, context);
    } else {
        std::copy_n(room.begin(), piece.size, buffer.begin());
        hash_.hash(ours, piece.size);
    }
    return piece;
}

}  // namespace onemarket
