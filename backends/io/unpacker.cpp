// SPDX-License-Identifier: Apache-2.0
#include "backends/io/unpacker.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "protocol/error.h"

namespace onemarket {
namespace {

constexpr size_t kReadBytes = size_t{64} << 10;

}  // namespace

void FreeArchive::operator()(struct archive* handle) const {
    archive_free(handle);
}

ArchiveHandle made(struct archive* handle) {
    if (handle == nullptr) throw Error(ErrorKind::internal, "libarchive does not start");
    return ArchiveHandle(handle);
}

std::string reason_of(struct archive* handle) {
    const char* text = archive_error_string(handle);
    return text == nullptr ? "it cannot be unpacked" : text;
}

// The context of a call, for the callback.
class Unpacker::Turn {
  public:
    Turn(Unpacker& unpacker, Context& context) : unpacker_(unpacker) {
        unpacker_.context_ = &context;
    }
    ~Turn() { unpacker_.context_ = nullptr; }

  private:
    Unpacker& unpacker_;
};

Unpacker::Unpacker(Reader& from, std::string subject, std::string damaged)
    : from_(from),
      subject_(std::move(subject)),
      damaged_(std::move(damaged)),
      buffer_(kReadBytes),
      handle_(made(archive_read_new())) {}

struct archive_entry* Unpacker::first(Context& context) {
    const Turn turn(*this, context);
    const int result = archive_read_open(handle(), this, nullptr, &Unpacker::give, nullptr);
    // What cannot be decompressed is an empty archive to it, but it notes why.
    check(result == ARCHIVE_OK && archive_errno(handle()) == 0);
    return next_header();
}

struct archive_entry* Unpacker::next(Context& context) {
    const Turn turn(*this, context);
    return next_header();
}

size_t Unpacker::read(std::span<std::byte> buffer, Context& context) {
    const Turn turn(*this, context);
    const la_ssize_t got = archive_read_data(handle(), buffer.data(), buffer.size());
    check(got >= 0);
    return static_cast<size_t>(got);
}

bool Unpacker::read_block(const void** data, size_t* size, int64_t* offset, Context& context) {
    const Turn turn(*this, context);
    const int result = archive_read_data_block(handle(), data, size, offset);
    // A wrong checksum is but a warning to it.
    check(result == ARCHIVE_OK || result == ARCHIVE_EOF);
    return result == ARCHIVE_OK;
}

Unpacker::Rest Unpacker::read_rest(Context& context) {
    const std::string_view left = recent_left();
    Rest rest{given_ - used(), all_zeros(std::as_bytes(std::span(left)))};
    while (const uint64_t size = from_.read(buffer_, context).size) {
        context.check();
        rest.size += size;
        rest.only_zeros = rest.only_zeros && all_zeros(std::span(buffer_).first(size));
    }
    return rest;
}

std::string Unpacker::rest(Context& context, size_t most) {
    std::string text(recent_left());
    while (const uint64_t size = from_.read(buffer_, context).size) {
        context.check();
        text += as_text(std::span(buffer_).first(size));
        if (text.size() > most)
            throw Error(ErrorKind::limit,
                        "its end is larger than " + std::to_string(most) + " bytes");
    }
    return text;
}

uint64_t Unpacker::used() const {
    constexpr int packed = -1;  // archive_filter_bytes(3): what came in
    return static_cast<uint64_t>(archive_filter_bytes(handle(), packed));
}

struct archive_entry* Unpacker::next_header() {
    struct archive_entry* entry = nullptr;
    const int result = archive_read_next_header(handle(), &entry);
    // ARCHIVE_RETRY: a header that is damaged, of which it would go on with the next.
    check(result == ARCHIVE_OK || result == ARCHIVE_WARN || result == ARCHIVE_EOF);
    return result == ARCHIVE_EOF ? nullptr : entry;
}

// Throws what the source threw, whatever libarchive made of it (to some it is the end), or what
// it says of the bytes.
void Unpacker::check(bool went_well) {
    if (error_) std::rethrow_exception(error_);
    if (!went_well) fail();
}

void Unpacker::fail() const {
    const std::string reason = reason_of(handle());
    const auto says = [&reason](const char* words) {
        return reason.find(words) != std::string::npos;
    };
    // To zlib (-5) the entry's bytes have ended, which may be for another reason.
    if (says("runcated") || (ended_ && says("ZIP decompression failed (-5)")))
        throw Error(ErrorKind::corrupt, subject_ + " is cut off");
    if (says("too much memory"))
        throw Error(ErrorKind::limit,
                    subject_ + " needs a window of more than 128 MiB to be unpacked");
    throw Error(ErrorKind::corrupt, damaged_ + reason);
}

// No exception may leave it.
ssize_t Unpacker::give(struct archive* handle, void* self_pointer, const void** data) {
    auto& self = *static_cast<Unpacker*>(self_pointer);
    try {
        const Piece piece = self.from_.read(self.buffer_, *self.context_);
        self.given_ += piece.size;
        self.ended_ = piece.size == 0;
        if (self.keeps_) self.keep(piece.size);
        *data = self.buffer_.data();
        return static_cast<ssize_t>(piece.size);
    } catch (...) {
        self.error_ = std::current_exception();
        archive_set_error(handle, ECANCELED, "the source failed");
        return ARCHIVE_FATAL;
    }
}

// Of what is kept, what libarchive had no use for.
std::string_view Unpacker::recent_left() const {
    return std::string_view(recent_).substr(recent_.size() -
                                            std::min(given_ - used(), recent_.size()));
}

// A piece, and of the one before it what libarchive may have looked at and left.
void Unpacker::keep(size_t size) {
    constexpr size_t looked_at = kTarBlock;
    recent_.erase(0, recent_.size() - std::min(recent_.size(), looked_at));
    recent_ += as_text(std::span(buffer_).first(size));
}

}  // namespace onemarket
