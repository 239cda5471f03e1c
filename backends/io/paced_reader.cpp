// SPDX-License-Identifier: Apache-2.0
#include "backends/io/paced_reader.h"

#include <algorithm>

#include "backends/io/backoff.h"

namespace onemarket {
namespace {

using std::chrono::milliseconds;

// A source that was slow for a while may not make up for more than this.
constexpr milliseconds kCredit{1000};
// How much is asked for at a time, at least.
constexpr uint64_t kSmallestRead = 512;

}  // namespace

Piece PacedReader::read(std::span<std::byte> buffer, Context& context) {
    const auto due =
        std::chrono::microseconds(given_ / rate_ * 1'000'000 + given_ % rate_ * 1'000'000 / rate_);
    const auto now = Context::Clock::now();
    const auto wait = std::chrono::ceil<milliseconds>(began_ + due - now);
    if (wait.count() > 0) pause(wait, context);
    if (-wait > kCredit) {
        began_ = now;
        given_ = 0;
    }
    // A slow one goes on evenly, not by the buffer.
    const uint64_t room = std::max(kSmallestRead, rate_ / 10);
    const Piece piece = from_->read(buffer.first(std::min<uint64_t>(buffer.size(), room)), context);
    if (!piece.hole) given_ += piece.size;
    return piece;
}

}  // namespace onemarket
