// SPDX-License-Identifier: Apache-2.0
// Holes for an image whose source cannot tell them from zeros.
#pragma once

#include <memory>

#include "backends/io/stream.h"

namespace onemarket {

// Gives what another reader gives, in full buffers, and a buffer that is all zeros as a hole. A
// buffer of less than 64 KiB never is: what counts is room on a disk, and small holes save none.
class SparseReader : public Reader {
  public:
    explicit SparseReader(std::unique_ptr<Reader> from) : from_(std::move(from)) {}

    Piece read(std::span<std::byte> buffer, Context& context) override;
    bool reads_holes() const override { return true; }
    uint64_t allocated() const override { return from_->allocated(); }
    std::optional<uint64_t> length() const override { return from_->length(); }

  private:
    std::unique_ptr<Reader> from_;
    uint64_t hole_ = 0;  // bytes of a hole that came behind the last piece
};

}  // namespace onemarket
