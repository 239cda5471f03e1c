// SPDX-License-Identifier: Apache-2.0
// Image bytes on the move: where they come from (Reader) and where they go (Sink).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>

#include "backends/context.h"

namespace onemarket {

// As std::as_bytes(), the other way. They must outlive it.
inline std::string_view as_text(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Compared with itself, a byte further on: as quick as memory can be read.
inline bool all_zeros(std::span<const std::byte> bytes) {
    return bytes.empty() ||
           (bytes.front() == std::byte{} &&
            std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

// The next piece of an image.
struct Piece {
    uint64_t size = 0;  // bytes; 0: the end
    bool hole = false;  // true: `size` zero bytes that take no room; the buffer was not touched
};

// Bytes that can be read at any place, again and again, by several threads at a time.
class RandomAccess {
  public:
    virtual ~RandomAccess() = default;

    // Fills the buffer with the bytes at `offset`; fewer than asked for only at the end. Returns
    // how many. Throws Error.
    virtual size_t read_at(uint64_t offset, std::span<std::byte> buffer) const = 0;

    virtual uint64_t size() const = 0;  // bytes

    // Whether they were written to since they were opened, as far as can be told: then two reads
    // may have given different bytes.
    virtual bool changed() const { return false; }
};

// Bytes in memory, which must outlive it.
class MemoryBytes : public RandomAccess {
  public:
    explicit MemoryBytes(std::span<const std::byte> bytes) : bytes_(bytes) {}
    explicit MemoryBytes(std::string_view text) : bytes_(std::as_bytes(std::span(text))) {}

    size_t read_at(uint64_t offset, std::span<std::byte> buffer) const override {
        if (offset >= bytes_.size()) return 0;
        const auto from = bytes_.subspan(offset, std::min(buffer.size(), bytes_.size() - offset));
        std::copy(from.begin(), from.end(), buffer.begin());
        return from.size();
    }
    uint64_t size() const override { return bytes_.size(); }

  private:
    std::span<const std::byte> bytes_;
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

    // Whether a hole was read as the zeros it stands for, as over a line.
    virtual bool reads_holes() const { return false; }

    // The same bytes by their place, for a destination that wants them twice; null where they come
    // only once. Still owned by the reader.
    virtual const RandomAccess* random_access() const { return nullptr; }

    // Whether they were written to since they were opened, as far as can be told: then what was
    // read may be of no one moment.
    virtual bool changed() const {
        const RandomAccess* bytes = random_access();
        return bytes != nullptr && bytes->changed();
    }

    // Bytes there are in all; nothing: that is not known before the end.
    virtual std::optional<uint64_t> length() const { return std::nullopt; }

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
