// SPDX-License-Identifier: Apache-2.0
#include "backends/io/public_dir.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>

#include "backends/io/random.h"

namespace onemarket {
namespace {

constexpr mode_t kPublicMode = 0644;
// Dirty pages handed to the disk at a time while the copy goes on, so that fsync has little left.
constexpr uint64_t kWriteBackBytes = uint64_t{8} << 20;

// Makes `from` visible as `to`, never over an existing file.
bool rename_new(int dir, const std::string& from, const std::string& to) {
    if (::renameat2(dir, from.c_str(), dir, to.c_str(), RENAME_NOREPLACE) == 0) return true;
    if (errno != EINVAL && errno != ENOSYS) return false;
    // A file system without that flag (NFS): a hard link does not replace either.
    if (::linkat(dir, from.c_str(), dir, to.c_str(), 0) != 0) return false;
    (void)::unlinkat(dir, from.c_str(), 0);  // published all the same
    return true;
}

// True when the name leads to this very file: whoever may write to the folder could have put
// another one in the temporary's place.
bool is_same_file(int dir, const std::string& name, int file) {
    struct stat named {};
    struct stat opened {};
    return ::fstatat(dir, name.c_str(), &named, AT_SYMLINK_NOFOLLOW) == 0 &&
           ::fstat(file, &opened) == 0 && named.st_dev == opened.st_dev &&
           named.st_ino == opened.st_ino;
}

}  // namespace

PublicDir::PublicDir(const std::string& path) : path_(path) {
    if (!path.starts_with('/'))
        throw Error(ErrorKind::bad_request, "PUBLIC_DIR " + path + ": not an absolute path");
    fd_.reset(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd_) return;
    const Error error = system_error(errno, "PUBLIC_DIR " + path);
    // Not mounted, perhaps: what was in it may be there still.
    throw Error(error.kind() == ErrorKind::not_found ? ErrorKind::unavailable : error.kind(),
                error.what());
}

PublicDir::Usage PublicDir::usage() const {
    struct statvfs status {};
    if (::fstatvfs(fd_.get(), &status) != 0) throw system_error(errno, "PUBLIC_DIR " + path_);
    const uint64_t block = status.f_frsize;
    return {(status.f_blocks - status.f_bfree) * block, status.f_bavail * block,
            status.f_blocks * block};
}

// What remove() and open() may touch. Throws Error.
void PublicDir::require_published(const std::string& name) const {
    if (!is_public_name(name))
        throw Error(ErrorKind::bad_request, "'" + name + "' is no name of a published file");
    const std::string path = path_ + "/" + name;
    struct stat status {};
    if (::fstatat(fd_.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
        throw system_error(errno, path);
    if (!S_ISREG(status.st_mode))
        throw Error(ErrorKind::bad_request, path + ": not a regular file");
}

void PublicDir::remove(const std::string& name) {
    require_published(name);
    if (::unlinkat(fd_.get(), name.c_str(), 0) != 0) throw system_error(errno, path_ + "/" + name);
}

std::unique_ptr<Reader> PublicDir::open(const std::string& name) {
    require_published(name);
    const std::string path = path_ + "/" + name;
    UniqueFd file(
        ::openat(fd_.get(), name.c_str(), O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC));
    if (!file) throw system_error(errno, path);
    return std::make_unique<FileReader>(std::move(file), path);
}

std::unique_ptr<FolderFile> PublicDir::create(ObjectId app) {
    return std::make_unique<Publication>(*this, app);
}

int PublicDir::remove_temporaries(ObjectId app) {
    const std::string prefix = temporary_prefix(app);
    const int copy = ::openat(fd_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (copy < 0) throw system_error(errno, "PUBLIC_DIR " + path_);
    const std::unique_ptr<DIR, int (*)(DIR*)> entries(::fdopendir(copy), ::closedir);
    if (!entries) {
        ::close(copy);
        throw system_error(errno, "PUBLIC_DIR " + path_);
    }
    int removed = 0;
    while (const dirent* entry = ::readdir(entries.get())) {
        const std::string name = entry->d_name;
        if (!name.starts_with(prefix)) continue;
        const UniqueFd file(
            ::openat(fd_.get(), name.c_str(), O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC));
        // What cannot be looked at is taken for in use.
        const bool unused = file && ::flock(file.get(), LOCK_EX | LOCK_NB) == 0;
        if (unused && ::unlinkat(fd_.get(), name.c_str(), 0) == 0) ++removed;
    }
    return removed;
}

Publication::Publication(PublicDir& dir, ObjectId app)
    : dir_(dir), temporary_(temporary_prefix(app) + random_hex()) {
    fd_.reset(::openat(dir.fd(), temporary_.c_str(),
                       O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd_) {
        const int error = errno;
        temporary_.clear();
        throw system_error(error, "PUBLIC_DIR " + dir.path());
    }
    // Only a mark for remove_temporaries(): a file system without locks just loses that.
    (void)::flock(fd_.get(), LOCK_EX | LOCK_NB);
}

Publication::~Publication() {
    if (!temporary_.empty()) ::unlinkat(dir_.fd(), temporary_.c_str(), 0);
}

std::unique_ptr<Reader> Publication::clone_from(int file) {
    if (::ioctl(fd_.get(), FICLONE, file) != 0) return nullptr;
    return std::make_unique<FileReader>(reread());
}

std::unique_ptr<RandomAccess> Publication::content() {
    return std::make_unique<FileReader>(reread());
}

FileReader Publication::reread() const {
    return FileReader(UniqueFd(::fcntl(fd_.get(), F_DUPFD_CLOEXEC, 3)),
                      dir_.path() + "/" + temporary_);
}

void Publication::write(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t written =
            ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset_));
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) throw system_error(errno, "PUBLIC_DIR " + dir_.path());
        bytes = bytes.subspan(static_cast<size_t>(written));
        offset_ += static_cast<uint64_t>(written);
    }
    if (offset_ - written_back_ >= kWriteBackBytes) start_write_back();
}

void Publication::skip(uint64_t count) {
    offset_ += count;
}

void Publication::start_write_back() {
    // Only advice: publish() syncs whatever happens here.
    (void)::sync_file_range(fd_.get(), static_cast<off_t>(written_back_),
                            static_cast<off_t>(offset_ - written_back_), SYNC_FILE_RANGE_WRITE);
    written_back_ = offset_;
}

void Publication::publish(const std::string& name) {
    const std::string path = dir_.path() + "/" + name;
    if (!is_public_name(name))
        throw Error(ErrorKind::internal, "'" + name + "' is no name of a published file");
    // A hole at the end: only the size tells of it.
    struct stat status {};
    if (::fstat(fd_.get(), &status) != 0) throw system_error(errno, path);
    if (static_cast<uint64_t>(status.st_size) < offset_ &&
        ::ftruncate(fd_.get(), static_cast<off_t>(offset_)) != 0)
        throw system_error(errno, path);
    if (::fchmod(fd_.get(), kPublicMode) != 0 || ::fsync(fd_.get()) != 0)
        throw system_error(errno, path);
    if (!rename_new(dir_.fd(), temporary_, name)) throw system_error(errno, path);
    temporary_.clear();
    if (!is_same_file(dir_.fd(), name, fd_.get())) {
        ::unlinkat(dir_.fd(), name.c_str(), 0);
        throw Error(ErrorKind::corrupt, path + ": somebody put another file in its place");
    }
    if (::fsync(dir_.fd()) != 0) {
        const int error = errno;
        ::unlinkat(dir_.fd(), name.c_str(), 0);
        throw system_error(error, path);
    }
}

}  // namespace onemarket
