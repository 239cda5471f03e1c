// SPDX-License-Identifier: Apache-2.0
// The one file that includes liblzma.
#include "backends/io/xz_reader.h"

#include <lzma.h>

#include <string>
#include <utility>

#include "protocol/error.h"

namespace onemarket {
namespace {

constexpr size_t kReadBytes = size_t{64} << 10;

}  // namespace

struct XzReader::Decoder {
    lzma_stream stream = LZMA_STREAM_INIT;
    lzma_action action = LZMA_RUN;  // LZMA_FINISH: nothing more comes

    Decoder() {
        if (::lzma_stream_decoder(&stream, kMostMemory, LZMA_CONCATENATED) != LZMA_OK)
            throw Error(ErrorKind::internal, "liblzma does not start");
    }
    ~Decoder() { ::lzma_end(&stream); }
    Decoder(const Decoder&) = delete;
    Decoder& operator=(const Decoder&) = delete;
};

XzReader::XzReader(std::unique_ptr<Reader> packed)
    : packed_(std::move(packed)), input_(kReadBytes), decoder_(std::make_unique<Decoder>()) {}

XzReader::~XzReader() = default;

void XzReader::fail(int result) const {
    const auto in_mib = [](uint64_t bytes) { return std::to_string((bytes >> 20) + 1) + " MiB"; };
    const auto corrupt = [](const std::string& reason) {
        throw Error(ErrorKind::corrupt, "the packed image " + reason);
    };
    switch (result) {
        case LZMA_MEMLIMIT_ERROR:
            throw Error(ErrorKind::limit, "the packed image needs " +
                                              in_mib(::lzma_memusage(&decoder_->stream)) +
                                              " of memory to be unpacked, more than " +
                                              std::to_string(kMostMemory >> 20) + " MiB");
        case LZMA_MEM_ERROR:
            throw Error(ErrorKind::limit, "there is no memory to unpack the packed image");
        case LZMA_BUF_ERROR:
            corrupt("is cut off");
            break;
        case LZMA_FORMAT_ERROR:
            corrupt("is damaged: it does not begin as xz does");
            break;
        case LZMA_OPTIONS_ERROR:
            corrupt("is damaged: it was packed in a way that xz does not know");
            break;
        default:
            break;
    }
    throw Error(ErrorKind::corrupt, "the packed image is damaged: its xz data is wrong");
}

Piece XzReader::read(std::span<std::byte> buffer, Context& context) {
    lzma_stream& stream = decoder_->stream;
    stream.next_out = reinterpret_cast<uint8_t*>(buffer.data());
    stream.avail_out = buffer.size();
    while (!ended_ && stream.avail_out == buffer.size()) {
        context.check();
        if (stream.avail_in == 0 && decoder_->action == LZMA_RUN) {
            stream.avail_in = dense_.read(input_, context).size;
            stream.next_in = reinterpret_cast<const uint8_t*>(input_.data());
            if (stream.avail_in == 0) decoder_->action = LZMA_FINISH;
        }
        const lzma_ret result = ::lzma_code(&stream, decoder_->action);
        ended_ = result == LZMA_STREAM_END;
        if (!ended_ && result != LZMA_OK) fail(result);
    }
    return {buffer.size() - stream.avail_out, false};
}

}  // namespace onemarket
