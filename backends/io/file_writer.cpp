// SPDX-License-Identifier: Apache-2.0
#include "backends/io/file_writer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "protocol/error.h"

namespace onemarket {
namespace {

// Dirty pages handed to the disk at a time while the copy goes on, so that fsync has little left.
constexpr uint64_t kWriteBackBytes = uint64_t{8} << 20;

}  // namespace

void FileWriter::write(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t written =
            ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset_));
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) throw system_error(errno, name_);
        bytes = bytes.subspan(static_cast<size_t>(written));
        offset_ += static_cast<uint64_t>(written);
    }
    if (offset_ - written_back_ >= kWriteBackBytes) start_write_back();
}

void FileWriter::start_write_back() {
    // Only advice: finish() syncs whatever happens here.
    (void)::sync_file_range(fd_.get(), static_cast<off_t>(written_back_),
                            static_cast<off_t>(offset_ - written_back_), SYNC_FILE_RANGE_WRITE);
    written_back_ = offset_;
}

void FileWriter::finish(const std::string& name, mode_t mode) {
    name_ = name;
    struct stat status {};
    if (::fstat(fd_.get(), &status) != 0) throw system_error(errno, name_);
    if (static_cast<uint64_t>(status.st_size) < offset_ &&
        ::ftruncate(fd_.get(), static_cast<off_t>(offset_)) != 0)
        throw system_error(errno, name_);
    if (::fchmod(fd_.get(), mode) != 0 || ::fsync(fd_.get()) != 0) throw system_error(errno, name_);
}

}  // namespace onemarket
