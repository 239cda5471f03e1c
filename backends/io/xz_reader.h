// SPDX-License-Identifier: Apache-2.0
// What xz has packed.
#pragma once

#include <memory>
#include <vector>

#include "backends/io/dense_reader.h"
#include "backends/io/stream.h"

namespace onemarket {

// The unpacked bytes of all streams, one behind the other. One that is cut off or damaged is an
// Error (corrupt), as is one that goes on with something else; one that needs more memory than
// kMostMemory, as any of its blocks may ask for, is an Error (limit): libarchive gives what is
// asked for.
class XzReader : public Reader {
  public:
    // Of xz's own settings the largest needs 65 MiB.
    static constexpr uint64_t kMostMemory = uint64_t{512} << 20;

    explicit XzReader(std::unique_ptr<Reader> packed);
    ~XzReader() override;

    Piece read(std::span<std::byte> buffer, Context& context) override;

  private:
    struct Decoder;

    [[noreturn]] void fail(int result) const;

    std::unique_ptr<Reader> packed_;
    DenseReader dense_{*packed_};
    std::vector<std::byte> input_;
    std::unique_ptr<Decoder> decoder_;
    bool ended_ = false;
};

}  // namespace onemarket
