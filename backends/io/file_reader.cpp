// SPDX-License-Identifier: Apache-2.0
#include "backends/io/file_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace onemarket {

namespace {

UniqueFd open_to_read(const std::string& path) {
    // O_NONBLOCK: open() of a FIFO returns at once, and means nothing for files.
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
    if (!fd) throw system_error(errno, path);
    return fd;
}

}  // namespace

FileReader::FileReader(const std::string& path) : FileReader(open_to_read(path), path) {}

FileReader::FileReader(UniqueFd fd, const std::string& path) : path_(path), fd_(std::move(fd)) {
    struct stat status {};
    if (::fstat(fd_.get(), &status) != 0) throw system_error(errno, path);
    regular_ = S_ISREG(status.st_mode);
    if (!regular_ && !S_ISBLK(status.st_mode))
        throw Error(ErrorKind::bad_request, path + ": neither a file nor a block device");

    const off_t end = regular_ ? status.st_size : ::lseek(fd_.get(), 0, SEEK_END);
    if (end < 0) throw system_error(errno, path);
    size_ = static_cast<uint64_t>(end);
    modified_ = status.st_mtim;
    allocated_ = regular_ ? std::min(size_, static_cast<uint64_t>(status.st_blocks) * 512) : size_;
    seek_data_ = regular_;
    if (!seek_data_) extent_end_ = size_;
    // Only advice: nothing depends on it.
    (void)::posix_fadvise(fd_.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
}

size_t FileReader::read_at(uint64_t offset, std::span<std::byte> buffer) const {
    if (offset >= size_) return 0;  // a hostile header may point anywhere
    size_t done = 0;
    while (done < buffer.size()) {
        const ssize_t got = ::pread(fd_.get(), buffer.data() + done, buffer.size() - done,
                                    static_cast<off_t>(offset + done));
        if (got == 0) break;
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) throw system_error(errno, path_);
        done += static_cast<size_t>(got);
    }
    return done;
}

void FileReader::ended_early(uint64_t at) const {
    throw Error(ErrorKind::corrupt, path_ + ": ends after " + std::to_string(at) + " of " +
                                        std::to_string(size_) + " bytes");
}

// Behind the end of an extent: learns where the next one is.
void FileReader::find_extent() {
    const off_t data = ::lseek(fd_.get(), static_cast<off_t>(offset_), SEEK_DATA);
    if (data < 0 && errno == ENXIO) {  // a hole up to the end, unless the end has moved
        struct stat status {};
        if (::fstat(fd_.get(), &status) != 0) throw system_error(errno, path_);
        if (static_cast<uint64_t>(status.st_size) < size_)
            ended_early(static_cast<uint64_t>(status.st_size));
        extent_begin_ = extent_end_ = size_;
        return;
    }
    const off_t hole = data < 0 ? -1 : ::lseek(fd_.get(), data, SEEK_HOLE);
    if (hole < 0) {  // the file system cannot tell: it is all data
        seek_data_ = false;
        extent_begin_ = offset_;
        extent_end_ = size_;
        return;
    }
    extent_begin_ = std::min(size_, static_cast<uint64_t>(data));
    extent_end_ = std::min(size_, static_cast<uint64_t>(hole));
}

Piece FileReader::read(std::span<std::byte> buffer, Context&) {
    if (offset_ == size_) return {};
    if (offset_ >= extent_end_) find_extent();
    if (offset_ < extent_begin_) {
        const Piece hole{extent_begin_ - offset_, true};
        offset_ = extent_begin_;
        return hole;
    }
    const size_t wanted = std::min<uint64_t>(buffer.size(), extent_end_ - offset_);
    const size_t got = read_at(offset_, buffer.first(wanted));
    if (got < wanted) ended_early(offset_ + got);
    offset_ += got;
    return {got, false};
}

// A block device's node tells nothing of what is written to the device.
bool FileReader::changed() const {
    struct stat status {};
    return regular_ && ::fstat(fd_.get(), &status) == 0 &&
           (status.st_mtim.tv_sec != modified_.tv_sec ||
            status.st_mtim.tv_nsec != modified_.tv_nsec ||
            static_cast<uint64_t>(status.st_size) != size_);
}

}  // namespace onemarket
