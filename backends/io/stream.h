// SPDX-License-Identifier: Apache-2.0
// Image bytes on the move: where they come from (Reader) and where they go (Sink).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "backends/context.h"

namespace onemarket {

// The next piece of an image.
struct Piece {
    uint64_t size = 0;  // bytes; 0: the end
    bool hole = false;  // true: `size` zero bytes that take no room; the buffer was not touched
};

// A source of bytes, read once from begin to end by one thread. An end that comes too early is an
// Error (corrupt), never a short image.
class Reader {
  public:
    virtual ~Reader() = default;

    // Fills the front of `buffer` with at least one byte, or reports a hole or the end. Throws
    // Error; ends early when the context says so.
    virtual Piece read(std::span<std::byte> buffer, Context& context) = 0;

    // The descriptor of the regular file that holds exactly these bytes, for a copy that shares
    // blocks; -1 when there is none. Still owned by the reader.
    virtual int file() const { return -1; }

    // Bytes the image will take on disk; 0 when that is not known before the end.
    virtual uint64_t allocated() const { return 0; }
};

// A destination, written once from begin to end by one thread.
class Sink {
  public:
    virtual ~Sink() = default;
    virtual void write(std::span<const std::byte> bytes) = 0;
    virtual void skip(uint64_t count) = 0;  // that many zero bytes, as a hole where possible
};

// Takes the bytes nowhere: for a hash alone.
class NullSink : public Sink {
  public:
    void write(std::span<const std::byte>) override {}
    void skip(uint64_t) override {}
};

}  // namespace onemarket
