// SPDX-License-Identifier: Apache-2.0
// What gzip has packed (RFC 1952).
#pragma once

#include <memory>
#include <vector>

#include "backends/io/dense_reader.h"
#include "backends/io/stream.h"

namespace onemarket {

// The unpacked bytes of all members, one behind the other; zeros may follow, as on a tape. Each
// member's length and checksum are checked, which libarchive does not do. One that is cut off or
// damaged is an Error (corrupt), as is one that goes on with something else.
class GzipReader : public Reader {
  public:
    explicit GzipReader(std::unique_ptr<Reader> packed);
    ~GzipReader() override;

    Piece read(std::span<std::byte> buffer, Context& context) override;

  private:
    struct Inflater;

    bool fill(Context& context);
    void begin_member();

    std::unique_ptr<Reader> packed_;
    DenseReader dense_{*packed_};
    std::vector<std::byte> input_;
    std::unique_ptr<Inflater> inflater_;
    bool between_ = false;  // two members, or behind the last
    bool padded_ = false;
};

}  // namespace onemarket
