// SPDX-License-Identifier: Apache-2.0
// The one file that includes libarchive.
#include "backends/io/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <exception>
#include <filesystem>
#include <string_view>
#include <vector>

#include "backends/io/archive_names.h"
#include "backends/io/dense_reader.h"
#include "backends/io/gzip_reader.h"
#include "backends/io/unique_fd.h"
#include "backends/io/xz_reader.h"
#include "backends/io/zip_directory.h"
#include "backends/io/zip_modes.h"
#include "protocol/error.h"

namespace onemarket {
namespace {

constexpr size_t kReadBytes = size_t{64} << 10;
constexpr uint64_t kTarBlock = 512;
// Folders around an entry: each costs a descriptor when they are taken away again.
constexpr size_t kMostFolders = 200;
// Of a zip's directory: more than so many entries could have that are taken.
constexpr size_t kMostDirectory = size_t{64} << 20;
// How entries are written to the disk.
constexpr int kHow = ARCHIVE_EXTRACT_TIME | ARCHIVE_EXTRACT_SECURE_SYMLINKS |
                     ARCHIVE_EXTRACT_SECURE_NODOTDOT | ARCHIVE_EXTRACT_SECURE_NOABSOLUTEPATHS;

struct FreeArchive {
    void operator()(struct archive* handle) const { archive_free(handle); }
};
using Handle = std::unique_ptr<struct archive, FreeArchive>;

Handle made(struct archive* handle) {
    if (handle == nullptr) throw Error(ErrorKind::internal, "libarchive does not start");
    return Handle(handle);
}

// What libarchive says of a failure.
std::string reason_of(struct archive* handle) {
    const char* text = archive_error_string(handle);
    return text == nullptr ? "it cannot be unpacked" : text;
}

// libarchive with a Reader behind it. No exception may leave its callback.
class Unpacker {
  public:
    // `subject` is what errors call it; `damaged` goes before libarchive's words.
    Unpacker(Reader& from, std::string subject, std::string damaged = "")
        : from_(from),
          subject_(std::move(subject)),
          damaged_(std::move(damaged)),
          handle_(made(archive_read_new())) {}

    struct archive* handle() const {
        return handle_.get();
    }

    // Opens what formats and filters were set up for, with its first header. Returns null at an
    // empty one's end.
    struct archive_entry* first(Context& context) {
        const Turn turn(*this, context);
        const int result = archive_read_open(handle(), this, nullptr, &Unpacker::give, nullptr);
        // What cannot be decompressed is an empty archive to it, but it notes why.
        check(result == ARCHIVE_OK && archive_errno(handle()) == 0);
        return next_header();
    }
    struct archive_entry* next(Context& context) {
        const Turn turn(*this, context);
        return next_header();
    }

    // At most buffer.size() bytes of what was opened; 0: its end.
    size_t read(std::span<std::byte> buffer, Context& context) {
        const Turn turn(*this, context);
        const la_ssize_t got = archive_read_data(handle(), buffer.data(), buffer.size());
        check(got >= 0);
        return static_cast<size_t>(got);
    }

    // A piece of an entry, with its place in it. False at the end.
    bool read_block(const void** data, size_t* size, la_int64_t* offset, Context& context) {
        const Turn turn(*this, context);
        const int result = archive_read_data_block(handle(), data, size, offset);
        // A wrong checksum is but a warning to it.
        check(result == ARCHIVE_OK || result == ARCHIVE_EOF);
        return result == ARCHIVE_OK;
    }

    struct Rest {
        uint64_t size = 0;
        bool only_zeros = true;  // where keep_recent() was called
    };
    // Reads what libarchive had no use for: the source must be whole, and be hashed as a whole.
    Rest read_rest(Context& context) {
        const std::string_view left = recent_left();
        Rest rest{given_ - used(), all_zeros(std::as_bytes(std::span(left)))};
        while (const uint64_t size = from_.read(buffer_, context).size) {
            context.check();
            rest.size += size;
            rest.only_zeros = rest.only_zeros && all_zeros(std::span(buffer_).first(size));
        }
        return rest;
    }

    // The same, and what it was.
    std::string rest(Context& context, size_t most) {
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
    // What was given last is kept from now on, for what reads the rest.
    void keep_recent() { keeps_ = true; }

    // How many bytes of the source libarchive had a use for.
    uint64_t used() const {
        constexpr int packed = -1;  // archive_filter_bytes(3): what came in
        return static_cast<uint64_t>(archive_filter_bytes(handle(), packed));
    }

  private:
    // The context of a call, for the callback.
    class Turn {
      public:
        Turn(Unpacker& unpacker, Context& context) : unpacker_(unpacker) {
            unpacker_.context_ = &context;
        }
        ~Turn() { unpacker_.context_ = nullptr; }

      private:
        Unpacker& unpacker_;
    };

    struct archive_entry* next_header() {
        struct archive_entry* entry = nullptr;
        const int result = archive_read_next_header(handle(), &entry);
        // ARCHIVE_RETRY: a header that is damaged, of which it would go on with the next.
        check(result == ARCHIVE_OK || result == ARCHIVE_WARN || result == ARCHIVE_EOF);
        return result == ARCHIVE_EOF ? nullptr : entry;
    }

    // Throws what the source threw, whatever libarchive made of it (to some it is the end), or what
    // it says of the bytes.
    void check(bool went_well) {
        if (error_) std::rethrow_exception(error_);
        if (!went_well) fail();
    }

    [[noreturn]] void fail() const {
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

    static la_ssize_t give(struct archive* handle, void* self_pointer, const void** data) {
        auto& self = *static_cast<Unpacker*>(self_pointer);
        try {
            const Piece piece = self.from_.read(self.buffer_, *self.context_);
            self.given_ += piece.size;
            self.ended_ = piece.size == 0;
            if (self.keeps_) self.keep(piece.size);
            *data = self.buffer_.data();
            return static_cast<la_ssize_t>(piece.size);
        } catch (...) {
            self.error_ = std::current_exception();
            archive_set_error(handle, ECANCELED, "the source failed");
            return ARCHIVE_FATAL;
        }
    }

    // Of what is kept, what libarchive had no use for.
    std::string_view recent_left() const {
        return std::string_view(recent_).substr(recent_.size() -
                                                std::min(given_ - used(), recent_.size()));
    }

    // A piece, and of the one before it what libarchive may have looked at and left.
    void keep(size_t size) {
        constexpr size_t looked_at = kTarBlock;
        recent_.erase(0, recent_.size() - std::min(recent_.size(), looked_at));
        recent_ += as_text(std::span(buffer_).first(size));
    }

    DenseReader from_;
    std::string subject_, damaged_;
    Context* context_ = nullptr;
    std::vector<std::byte> buffer_ = std::vector<std::byte>(kReadBytes);
    uint64_t given_ = 0;  // bytes of it so far
    bool ended_ = false;
    bool keeps_ = false;
    std::string recent_;
    std::exception_ptr error_;
    Handle handle_;
};

void count(uint64_t& total, uint64_t bytes, const UnpackLimits& limits) {
    total += bytes;
    if (total > limits.bytes)
        throw Error(ErrorKind::limit,
                    "unpacked it is larger than " + std::to_string(limits.bytes) + " bytes");
}

int filter_of(Compression compression) {
    switch (compression) {
        case Compression::bzip2:
            return ARCHIVE_FILTER_BZIP2;
        case Compression::zstd:
            return ARCHIVE_FILTER_ZSTD;
        case Compression::gzip:  // readers of their own
        case Compression::xz:
        case Compression::none:
            break;
    }
    return ARCHIVE_FILTER_NONE;
}

class DecompressedReader : public Reader {
  public:
    DecompressedReader(std::unique_ptr<Reader> packed, Compression compression)
        : packed_(std::move(packed)),
          unpacker_(*packed_, "the packed image", "the packed image is damaged: ") {
        // This filter, and no other behind it.
        if (archive_read_append_filter(unpacker_.handle(), filter_of(compression)) < ARCHIVE_WARN)
            throw Error(ErrorKind::unsupported, reason_of(unpacker_.handle()));
        archive_read_support_format_raw(unpacker_.handle());
        archive_read_support_format_empty(unpacker_.handle());
    }

    Piece read(std::span<std::byte> buffer, Context& context) override {
        if (!opened_) ended_ = unpacker_.first(context) == nullptr;
        opened_ = true;
        const size_t got = ended_ ? 0 : unpacker_.read(buffer, context);
        if (got == 0) {
            ended_ = true;
            if (unpacker_.read_rest(context).size > 0)
                throw Error(ErrorKind::corrupt, "the packed image goes on behind its end");
        }
        return {got, false};
    }

  private:
    std::unique_ptr<Reader> packed_;
    Unpacker unpacker_;
    bool opened_ = false;
    bool ended_ = false;
};

class LimitedReader : public Reader {
  public:
    LimitedReader(std::unique_ptr<Reader> from, const UnpackLimits& limits)
        : from_(std::move(from)), limits_(limits) {}

    Piece read(std::span<std::byte> buffer, Context& context) override {
        const Piece piece = from_->read(buffer, context);
        count(total_, piece.size, limits_);
        return piece;
    }

  private:
    std::unique_ptr<Reader> from_;
    UnpackLimits limits_;
    uint64_t total_ = 0;
};

std::string name_of(struct archive_entry* entry) {
    const char* path = archive_entry_pathname(entry);
    return path == nullptr ? "" : path;
}

// What tar writes of a file it is told of twice. Then the file is there.
bool is_seen_before(struct archive_entry* entry) {
    const char* other = archive_entry_hardlink(entry);
    const std::string name = name_of(entry);
    if (other == nullptr || plain_name(other) != plain_name(name)) return false;
    std::error_code error;
    if (std::filesystem::is_regular_file(std::filesystem::symlink_status(name, error))) return true;
    throw Error(ErrorKind::corrupt, "'" + name + "' is a link to itself");
}

void check_entry(struct archive_entry* entry) {
    const std::string name = name_of(entry);
    const auto refuse = [&](const std::string& why) {
        throw Error(ErrorKind::corrupt, "'" + name + "' " + why);
    };
    if (!stays_within(name)) refuse("is no name of something within the archive");
    if (depth_of(name) > kMostFolders)
        throw Error(ErrorKind::corrupt,
                    "a name in it is more than " + std::to_string(kMostFolders) + " folders deep");
    if (const char* other = archive_entry_hardlink(entry); other != nullptr) {
        if (!stays_within(other)) refuse("is a link that leads out of the archive");
        // At another place it would lead elsewhere.
        std::error_code error;
        if (std::filesystem::is_symlink(std::filesystem::symlink_status(other, error)))
            refuse("is another name of a link");
        return;
    }
    switch (archive_entry_filetype(entry)) {
        case AE_IFREG:
        case AE_IFDIR:
            break;
        case AE_IFLNK:
            if (!leads_within(name, archive_entry_symlink(entry) == nullptr
                                        ? ""
                                        : archive_entry_symlink(entry)))
                refuse("is a link that leads out of the archive");
            break;
        default:
            refuse("is neither a file nor a folder nor a link");
    }
}

// Why something could not be written: for the disk's reasons, or for what the archive asks of it.
Error disk_error(struct archive* disk) {
    const int number = archive_errno(disk);
    constexpr std::array archives{ELOOP, EEXIST, ENOTEMPTY, EISDIR, ENOTDIR, ENOENT, ENAMETOOLONG};
    const std::string reason = reason_of(disk);
    if (number <= 0) return Error(ErrorKind::corrupt, reason);
    const Error error = system_error(number, reason);
    if (std::find(archives.begin(), archives.end(), number) == archives.end()) return error;
    return Error(ErrorKind::corrupt, error.what());
}

// The process's working folder, and back. It need not be one that may be read.
class WorkingFolder {
  public:
    explicit WorkingFolder(const std::string& folder)
        : before_(::open(".", O_PATH | O_DIRECTORY | O_CLOEXEC)) {
        if (!before_ || ::chdir(folder.c_str()) != 0) throw system_error(errno, folder);
    }
    ~WorkingFolder() { (void)!::fchdir(before_.get()); }

  private:
    UniqueFd before_;
};

void extract_entry(Unpacker& unpacker, struct archive* disk, struct archive_entry* entry,
                   uint64_t& total, const UnpackLimits& limits, Context& context) {
    const auto check = [&](la_ssize_t result, int worst = ARCHIVE_WARN) {
        if (result < worst) throw disk_error(disk);
    };
    check_entry(entry);
    if (is_seen_before(entry)) return;
    uint64_t end = 0;  // of what was counted, holes too
    const auto count_to = [&](uint64_t place) {
        if (place <= end) return;
        count(total, place - end, limits);
        end = place;
    };
    // Its file will be as large as it says, whatever comes of it.
    count_to(static_cast<uint64_t>(std::max<la_int64_t>(archive_entry_size(entry), 0)));
    // A folder its owner may not write to could not be taken away again.
    const mode_t least = archive_entry_filetype(entry) == AE_IFDIR ? 0700 : 0;
    archive_entry_set_perm(entry, (archive_entry_perm(entry) & 0777) | least);
    // A zip that was written to a pipe says the length behind the file. Then libarchive would end
    // it with the last byte that is not in a hole.
    const bool is_open_ended = archive_entry_size_is_set(entry) == 0;
    archive_write_disk_set_options(disk, kHow | (is_open_ended ? 0 : ARCHIVE_EXTRACT_SPARSE));
    check(archive_write_header(disk, entry));
    const void* data = nullptr;
    size_t size = 0;
    la_int64_t offset = 0;
    uint64_t written = 0;  // where the last piece that is not in a hole ends
    while (unpacker.read_block(&data, &size, &offset, context)) {
        context.check();
        count_to(static_cast<uint64_t>(offset) + size);
        context.progress();
        if (is_open_ended && all_zeros({static_cast<const std::byte*>(data), size})) continue;
        check(archive_write_data_block(disk, data, size, offset), ARCHIVE_OK);
        written = static_cast<uint64_t>(offset) + size;
    }
    if (is_open_ended && written < end)
        check(archive_write_data_block(disk, "", 1, static_cast<la_int64_t>(end) - 1), ARCHIVE_OK);
    check(archive_write_finish_entry(disk));
}

// Blocks of zeros end a tar. To libarchive one that is cut off between two entries is whole, and
// one with a block of zeros in its middle is at its end there; two may have anything behind them.
void check_end_of_tar(Unpacker& unpacker, uint64_t end_of_entries, Context& context) {
    const uint64_t entries = (end_of_entries + kTarBlock - 1) / kTarBlock * kTarBlock;
    if (unpacker.used() <= entries) throw Error(ErrorKind::corrupt, "the archive is cut off");
    const bool is_one_block = unpacker.used() == entries + kTarBlock;
    if (!unpacker.read_rest(context).only_zeros && is_one_block)
        throw Error(ErrorKind::corrupt, "the archive goes on behind a block of zeros");
}

}  // namespace

std::unique_ptr<Reader> decompressed(std::unique_ptr<Reader> packed, Compression compression,
                                     const UnpackLimits& limits) {
    std::unique_ptr<Reader> bytes;
    if (compression == Compression::gzip)
        bytes = std::make_unique<GzipReader>(std::move(packed));
    else if (compression == Compression::xz)
        bytes = std::make_unique<XzReader>(std::move(packed));
    else
        bytes = std::make_unique<DecompressedReader>(std::move(packed), compression);
    return std::make_unique<LimitedReader>(std::move(bytes), limits);
}

void extract_archive(Reader& from, ArchiveKind kind, const std::string& folder,
                     const UnpackLimits& limits, Context& context) {
    const WorkingFolder here(folder);
    Unpacker unpacker(from, "the archive");
    if (kind == ArchiveKind::tar)
        archive_read_support_format_tar(unpacker.handle());
    else
        archive_read_support_format_zip_streamable(unpacker.handle());
    unpacker.keep_recent();
    const Handle disk = made(archive_write_disk_new());
    uint64_t total = 0, entries = 0, end = 0;  // the end of the last entry
    ZipModes modes;
    for (struct archive_entry* entry = unpacker.first(context); entry != nullptr;
         entry = unpacker.next(context)) {
        if (++entries > limits.entries)
            throw Error(ErrorKind::limit, "it has more than " + std::to_string(limits.entries) +
                                              " files and folders");
        extract_entry(unpacker, disk.get(), entry, total, limits, context);
        context.check();
        end = unpacker.used();
        if (kind != ArchiveKind::zip) continue;
        if (archive_entry_filetype(entry) == AE_IFREG) modes.extracted_file(name_of(entry));
        if (archive_entry_filetype(entry) == AE_IFDIR) modes.extracted_folder(name_of(entry));
    }
    std::vector<ZipEntry> directory;
    if (kind == ArchiveKind::tar)
        check_end_of_tar(unpacker, end, context);
    else
        directory = zip_directory(unpacker.rest(context, kMostDirectory));
    modes.take_over(directory);
    // Times and rights of folders come last.
    if (archive_write_close(disk.get()) < ARCHIVE_WARN) throw disk_error(disk.get());
    modes.take_over_folders(directory);
}

}  // namespace onemarket
