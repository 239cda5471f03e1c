// SPDX-License-Identifier: Apache-2.0
// The one file that includes zlib.
#include "backends/io/gzip_reader.h"

#include <zlib.h>

#include <algorithm>
#include <string>
#include <utility>

#include "protocol/error.h"

namespace onemarket {
namespace {

constexpr size_t kReadBytes = size_t{64} << 10;
constexpr size_t kMostAtATime = size_t{1} << 30;  // zlib's numbers have 32 bits
constexpr int kWindowBits = 15 + 16;              // 32 KiB, in gzip's wrapping

[[noreturn]] void fail(const std::string& reason) {
    throw Error(ErrorKind::corrupt, "the packed image " + reason);
}

}  // namespace

struct GzipReader::Inflater {
    z_stream stream{};

    Inflater() {
        if (::inflateInit2(&stream, kWindowBits) != Z_OK)
            throw Error(ErrorKind::internal, "zlib does not start");
    }
    ~Inflater() { ::inflateEnd(&stream); }
    Inflater(const Inflater&) = delete;
    Inflater& operator=(const Inflater&) = delete;
};

GzipReader::GzipReader(std::unique_ptr<Reader> packed)
    : packed_(std::move(packed)), input_(kReadBytes), inflater_(std::make_unique<Inflater>()) {}

GzipReader::~GzipReader() = default;

// False at the end of the input.
bool GzipReader::fill(Context& context) {
    z_stream& stream = inflater_->stream;
    if (stream.avail_in > 0) return true;
    const uint64_t size = dense_.read(input_, context).size;
    stream.next_in = reinterpret_cast<Bytef*>(input_.data());
    stream.avail_in = static_cast<uInt>(size);
    return size > 0;
}

// Past zeros, which nothing may follow.
void GzipReader::begin_member() {
    z_stream& stream = inflater_->stream;
    for (; stream.avail_in > 0 && *stream.next_in == 0; --stream.avail_in, ++stream.next_in)
        padded_ = true;
    if (stream.avail_in == 0) return;
    if (padded_) fail("goes on behind its end");
    ::inflateReset(&stream);
    between_ = false;
}

Piece GzipReader::read(std::span<std::byte> buffer, Context& context) {
    z_stream& stream = inflater_->stream;
    buffer = buffer.first(std::min(buffer.size(), kMostAtATime));
    while (true) {
        context.check();
        if (!fill(context)) {
            if (between_) return {};
            fail("is cut off");
        }
        if (between_) begin_member();
        if (between_) continue;
        stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
        stream.avail_out = static_cast<uInt>(buffer.size());
        const int result = ::inflate(&stream, Z_NO_FLUSH);
        between_ = result == Z_STREAM_END;
        if (!between_ && result != Z_OK && result != Z_BUF_ERROR)
            fail("is damaged: " + std::string(stream.msg == nullptr ? "by zlib" : stream.msg));
        const size_t got = buffer.size() - stream.avail_out;
        if (got > 0) return {got, false};
    }
}

}  // namespace onemarket
