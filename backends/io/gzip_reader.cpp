// SPDX-License-Identifier: Apache-2.0
// The one file that includes zlib.
#include "backends/io/gzip_reader.h"

#include <zlib.h>

#include <algorithm>
#include <limits>

#include "protocol/error.h"

namespace onemarket {
namespace {

constexpr size_t kReadBytes = size_t{64} << 10;
constexpr int kGzipOnly = 16;  // zlib.h, inflateInit2()

}  // namespace

struct GzipReader::Inflater {
    Inflater() {
        if (inflateInit2(&stream, MAX_WBITS + kGzipOnly) != Z_OK)
            throw Error(ErrorKind::internal, "zlib does not start");
    }
    ~Inflater() { inflateEnd(&stream); }
    Inflater(const Inflater&) = delete;
    Inflater& operator=(const Inflater&) = delete;

    z_stream stream{};
};

GzipReader::GzipReader(std::unique_ptr<Reader> packed)
    : packed_(std::move(packed)), buffer_(kReadBytes), inflater_(std::make_unique<Inflater>()) {}

GzipReader::~GzipReader() = default;

Piece GzipReader::read(std::span<std::byte> buffer, Context& context) {
    while (!ended_) {
        context.check();
        if (inflater_->stream.avail_in == 0 && !fill(context)) {
            if (within_) throw Error(ErrorKind::corrupt, "gzip data that is cut off");
            ended_ = true;
            break;
        }
        if (!within_) inflateReset(&inflater_->stream);
        within_ = true;
        if (const size_t got = inflate(buffer); got > 0) return {got, false};
    }
    return {};
}

bool GzipReader::fill(Context& context) {
    const Piece piece = dense_.read(buffer_, context);
    inflater_->stream.next_in = reinterpret_cast<Bytef*>(buffer_.data());
    inflater_->stream.avail_in = static_cast<uInt>(piece.size);
    return piece.size > 0;
}

size_t GzipReader::inflate(std::span<std::byte> buffer) {
    z_stream& stream = inflater_->stream;
    const size_t room = std::min<size_t>(buffer.size(), std::numeric_limits<uInt>::max());
    stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream.avail_out = static_cast<uInt>(room);
    const int result = ::inflate(&stream, Z_NO_FLUSH);
    if (result == Z_STREAM_END)
        within_ = false;
    else if (result != Z_OK && result != Z_BUF_ERROR)
        throw Error(ErrorKind::corrupt,
                    std::string("gzip data that is damaged") +
                        (stream.msg == nullptr ? "" : std::string(" (") + stream.msg + ")"));
    return room - stream.avail_out;
}

}  // namespace onemarket
