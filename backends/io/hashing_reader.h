// SPDX-License-Identifier: Apache-2.0
// A source that is hashed on its way to whoever reads it.
#pragma once

#include <memory>

#include "backends/io/hash_thread.h"
#include "backends/io/stream.h"

namespace onemarket {

// Gives what `from` gives. The hash is computed in a thread of its own, and is complete when the
// end has been read. Where nothing but the hash is done with the bytes pump() copies them less
// often.
class HashingReader : public Reader {
  public:
    // `digest` must outlive this.
    HashingReader(std::unique_ptr<Reader> from, Digest& digest)
        : from_(std::move(from)), hash_(digest) {}

    Piece read(std::span<std::byte> buffer, Context& context) override;
    uint64_t allocated() const override { return from_->allocated(); }
    std::optional<uint64_t> length() const override { return from_->length(); }

  private:
    std::unique_ptr<Reader> from_;
    HashThread hash_;
    bool ended_ = false;
};

}  // namespace onemarket
