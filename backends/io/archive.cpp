// SPDX-License-Identifier: Apache-2.0
#include "backends/io/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <string_view>
#include <vector>

#include "backends/io/archive_names.h"
#include "backends/io/gzip_reader.h"
#include "backends/io/unique_fd.h"
#include "backends/io/unpacker.h"
#include "backends/io/xz_reader.h"
#include "backends/io/zip_directory.h"
#include "backends/io/zip_modes.h"
#include "protocol/error.h"

namespace onemarket {
namespace {

// Folders around an entry: each costs a descriptor when they are taken away again.
constexpr size_t kMostFolders = 200;
// Of a zip's directory: more than so many entries could have that are taken.
constexpr size_t kMostDirectory = size_t{64} << 20;
// How entries are written to the disk.
constexpr int kHow = ARCHIVE_EXTRACT_TIME | ARCHIVE_EXTRACT_SECURE_SYMLINKS |
                     ARCHIVE_EXTRACT_SECURE_NODOTDOT | ARCHIVE_EXTRACT_SECURE_NOABSOLUTEPATHS;

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
    const ArchiveHandle disk = made(archive_write_disk_new());
    uint64_t total = 0;
    uint64_t entries = 0;
    uint64_t end = 0;  // of the last entry
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
