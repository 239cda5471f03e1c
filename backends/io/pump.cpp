// SPDX-License-Identifier: Apache-2.0
#include "backends/io/pump.h"

#include <vector>

#include "backends/io/hash_thread.h"

namespace onemarket {

uint64_t pump(Reader& from, Sink& to, Digest& digest, Context& context, Digest* beside) {
    HashThread hash(digest);
    uint64_t total = 0;
    context.transfer().begin(from.length());
    while (true) {
        context.check();
        HashThread::Buffer* buffer = hash.take();
        const Piece piece = from.read(*buffer, context);
        if (piece.size == 0) break;
        if (piece.hole) {
            to.skip(piece.size);
            hash.give_back(buffer);
            hash.hash_hole(piece.size, beside, context);
        } else {
            const std::span<const std::byte> bytes = std::span(*buffer).first(piece.size);
            to.write(bytes);
            // Before the other thread has the buffer, which is in this one's cache.
            if (beside != nullptr) beside->update(bytes);
            hash.hash(buffer, piece.size);
        }
        total += piece.size;
        context.progress(piece.size);
    }
    hash.finish();
    context.transfer().enter(Transfer::Stage::publishing);
    return total;
}

uint64_t copy(Reader& from, Sink& to, Context& context) {
    std::vector<std::byte> buffer(HashThread::kBufferBytes);
    uint64_t total = 0;
    context.transfer().begin(from.length());
    while (true) {
        context.check();
        const Piece piece = from.read(buffer, context);
        if (piece.size == 0) return total;
        if (piece.hole)
            to.skip(piece.size);
        else
            to.write(std::span(buffer).first(piece.size));
        total += piece.size;
        context.progress(piece.size);
    }
}

void check_unchanged(const Reader& from, const std::string& name) {
    if (from.changed())
        throw Error(ErrorKind::corrupt, name + ": it was written to while it was read");
}

std::string md5_of(Reader& from, Context& context) {
    Digest md5("MD5");
    NullSink nowhere;
    pump(from, nowhere, md5, context);
    return md5.finish();
}

}  // namespace onemarket
