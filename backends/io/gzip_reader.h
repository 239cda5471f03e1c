// SPDX-License-Identifier: Apache-2.0
// gzip (RFC 1952), by zlib: libarchive's own reader looks neither at the checksum nor at the length
// that a member ends with.
#pragma once

#include <memory>
#include <vector>

#include "backends/io/dense_reader.h"

namespace onemarket {

// The bytes of all members, one behind the other. Anything else in it, and an end before that of a
// member, is an Error (corrupt).
class GzipReader : public Reader {
  public:
    explicit GzipReader(std::unique_ptr<Reader> packed);
    ~GzipReader() override;

    Piece read(std::span<std::byte> buffer, Context& context) override;

  private:
    struct Inflater;
    bool fill(Context& context);
    size_t inflate(std::span<std::byte> buffer);

    std::unique_ptr<Reader> packed_;
    DenseReader dense_{*packed_};
    std::vector<std::byte> buffer_;
    std::unique_ptr<Inflater> inflater_;
    bool within_ = true;  // a member; else at the end of one
    bool ended_ = false;
};

}  // namespace onemarket
