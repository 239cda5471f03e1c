// SPDX-License-Identifier: Apache-2.0
// Compressed images: whole or an Error, never more than is allowed, and the same however their
// bytes come.
#include "backends/io/archive.h"
#include "tests/fuzz/fuzz.h"

namespace onemarket::fuzz {
namespace {

constexpr uint64_t kMost = uint64_t{1} << 20;

class PieceReader : public Reader {
  public:
    explicit PieceReader(std::vector<std::string_view> pieces) : pieces_(std::move(pieces)) {}

    Piece read(std::span<std::byte> buffer, Context&) override {
        while (next_ < pieces_.size() && pieces_[next_].empty()) ++next_;
        if (next_ == pieces_.size()) return {};
        std::string_view& piece = pieces_[next_];
        const size_t size = std::min(piece.size(), buffer.size());
        std::copy_n(std::as_bytes(std::span(piece)).begin(), size, buffer.begin());
        piece.remove_prefix(size);
        return {size, false};
    }

  private:
    std::vector<std::string_view> pieces_;
    size_t next_ = 0;
};

struct Unpacked {
    std::string bytes;
    bool whole = false;
};

Unpacked unpacked(std::vector<std::string_view> pieces, Compression compression,
                  size_t buffer_size) {
    FuzzContext context;
    Unpacked result;
    const auto reader =
        decompressed(std::make_unique<PieceReader>(std::move(pieces)), compression, {kMost, 1});
    std::vector<std::byte> buffer(buffer_size);
    try {
        while (true) {
            const Piece piece = reader->read(buffer, context);
            if (piece.size == 0) break;
            must(!piece.hole && piece.size <= buffer.size(), "bytes fit into their buffer");
            result.bytes.append(reinterpret_cast<const char*>(buffer.data()), piece.size);
            must(result.bytes.size() <= kMost, "there is an end of bytes");
        }
        result.whole = true;
    } catch (const Error& error) {
        must(error.kind() == ErrorKind::corrupt || error.kind() == ErrorKind::limit,
             "what is wrong is the image");
    }
    return result;
}

}  // namespace

void one_input(std::string_view input) {
    const Compression compression =
        compression_of(std::as_bytes(std::span(input.substr(0, kFrontBytes))));
    if (compression == Compression::none) return;
    const Unpacked whole = unpacked({input}, compression, size_t{64} << 10);
    const Unpacked pieces =
        unpacked(cut(input, static_cast<unsigned>(input.size())), compression, 1000);
    must(whole.whole == pieces.whole, "it is whole however it comes");
    must(!whole.whole || whole.bytes == pieces.bytes, "it is the same however it comes");
}

}  // namespace onemarket::fuzz
