// SPDX-License-Identifier: Apache-2.0
// libarchive, reading from a Reader.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backends/io/dense_reader.h"

struct archive;
struct archive_entry;

namespace onemarket {

struct FreeArchive {
    void operator()(struct archive* handle) const;
};
using ArchiveHandle = std::unique_ptr<struct archive, FreeArchive>;

// Throws Error where libarchive gave none.
ArchiveHandle made(struct archive* handle);
// What libarchive says of a failure.
std::string reason_of(struct archive* handle);

inline constexpr uint64_t kTarBlock = 512;  // bytes

// What it throws is what the source threw, or Error (corrupt, limit). Not thread-safe.
class Unpacker {
  public:
    // `from` must outlive it. `subject` is what errors call it; `damaged` goes before libarchive's
    // words.
    Unpacker(Reader& from, std::string subject, std::string damaged = "");

    // For what is to be set up before first(), and what is asked behind it.
    struct archive* handle() const {
        return handle_.get();
    }

    // Opens what formats and filters were set up for, with its first header. Returns null at an
    // empty one's end.
    struct archive_entry* first(Context& context);
    struct archive_entry* next(Context& context);

    // At most buffer.size() bytes of what was opened; 0: its end.
    size_t read(std::span<std::byte> buffer, Context& context);
    // A piece of an entry, with its place in it. False at the end.
    bool read_block(const void** data, size_t* size, int64_t* offset, Context& context);

    struct Rest {
        uint64_t size = 0;
        bool only_zeros = true;  // where keep_recent() was called
    };
    // Reads what libarchive had no use for: the source must be whole, and be hashed as a whole.
    Rest read_rest(Context& context);
    // The same, and what it was.
    std::string rest(Context& context, size_t most);
    // What was given last is kept from now on, for what reads the rest.
    void keep_recent() { keeps_ = true; }

    // How many bytes of the source libarchive had a use for.
    uint64_t used() const;

  private:
    class Turn;

    struct archive_entry* next_header();
    void check(bool went_well);
    [[noreturn]] void fail() const;
    static ssize_t give(struct archive* handle, void* self_pointer, const void** data);
    std::string_view recent_left() const;
    void keep(size_t size);

    DenseReader from_;
    std::string subject_, damaged_;
    Context* context_ = nullptr;
    std::vector<std::byte> buffer_;
    uint64_t given_ = 0;  // bytes of it so far
    bool ended_ = false;
    bool keeps_ = false;
    std::string recent_;
    std::exception_ptr error_;
    ArchiveHandle handle_;
};

}  // namespace onemarket
