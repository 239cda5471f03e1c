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
#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>

#include "backends/io/random.h"
#include "protocol/moment.h"

namespace onemarket {
namespace {

constexpr mode_t kPublicMode = 0644;

// Makes `from` visible as `to`, never over an existing file.
bool rename_new(int dir, const std::string& from, const std::string& to) {
    if (::renameat2(dir, from.c_str(), dir, to.c_str(), RENAME_NOREPLACE) == 0) return true;
    if (errno != EINVAL && errno != ENOSYS) return false;
    // A file system without that flag (NFS): a hard link does not replace either.
    if (::linkat(dir, from.c_str(), dir, to.c_str(), 0) != 0) return false;
    (void)::unlinkat(dir, from.c_str(), 0);  // published all the same
    return true;
}

// True when the name leads to this very file, or folder: whoever may write to the folder could have
// put another one in the temporary's place.
bool is_same_file(int dir, const std::string& name, int file, int flags = AT_SYMLINK_NOFOLLOW) {
    struct stat named {};
    struct stat opened {};
    return ::fstatat(dir, name.c_str(), &named, flags) == 0 && ::fstat(file, &opened) == 0 &&
           named.st_dev == opened.st_dev && named.st_ino == opened.st_ino;
}

// Why what is named as a temporary cannot be locked: it is held, has gone, or somebody else has put
// it there.
bool is_none_of_ours(int error) {
    constexpr std::array known{EWOULDBLOCK, ENOENT, ELOOP, ENXIO, EACCES, EPERM};
    return std::find(known.begin(), known.end(), error) != known.end();
}

// Why one that is locked may stay all the same: it has gone, is no file, or is somebody else's in a
// folder where each removes his own.
bool may_stay(int error, int file) {
    struct stat opened {};
    return error == ENOENT || error == EISDIR ||
           (error == EPERM && ::fstat(file, &opened) == 0 && opened.st_uid != ::geteuid());
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

void PublicDir::require_place() const {
    if (is_same_file(AT_FDCWD, path_, fd_.get(), 0)) return;
    throw Error(ErrorKind::unavailable,
                "PUBLIC_DIR " + path_ + ": it has gone, or another folder has come in its place");
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
    require_public_name(name);
    const std::string path = path_ + "/" + name;
    struct stat status {};
    if (::fstatat(fd_.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
        throw system_error(errno, path);
    if (!S_ISREG(status.st_mode))
        throw Error(ErrorKind::bad_request, path + ": not a regular file");
}

void PublicDir::sync(const std::string& name) {
    const FileReader file = reader(name);
    // The next one would go well: what the disk has lost is forgotten with this one's word.
    if (::fsync(file.file()) != 0 || ::fsync(fd_.get()) != 0)
        throw Error(ErrorKind::corrupt, system_error(errno, path_ + "/" + name).what());
}

void PublicDir::remove(const std::string& name) {
    require_published(name);
    if (::unlinkat(fd_.get(), name.c_str(), 0) != 0) throw system_error(errno, path_ + "/" + name);
    (void)::fsync(fd_.get());  // whatever that says, the name has gone for all who look
}

FileReader PublicDir::reader(const std::string& name) const {
    require_published(name);
    const std::string path = path_ + "/" + name;
    UniqueFd file(
        ::openat(fd_.get(), name.c_str(), O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC));
    if (!file) throw system_error(errno, path);
    return FileReader(std::move(file), path);
}

std::unique_ptr<Reader> PublicDir::open(const std::string& name) {
    return std::make_unique<FileReader>(reader(name));
}

std::string PublicDir::head(const std::string& name, size_t most) {
    std::string text(most, '\0');
    text.resize(reader(name).read_at(0, std::as_writable_bytes(std::span(text))));
    return text;
}

std::unique_ptr<FolderFile> PublicDir::create(ObjectId app) {
    return std::make_unique<Publication>(*this, app);
}

// Calls act(name) for everything in the folder.
void PublicDir::for_each_name(auto&& act) const {
    const int copy = ::openat(fd_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (copy < 0) throw system_error(errno, "PUBLIC_DIR " + path_);
    const std::unique_ptr<DIR, int (*)(DIR*)> entries(::fdopendir(copy), ::closedir);
    if (!entries) {
        const int error = errno;
        ::close(copy);
        throw system_error(error, "PUBLIC_DIR " + path_);
    }
    while (true) {
        errno = 0;
        const dirent* entry = ::readdir(entries.get());
        if (entry == nullptr && errno != 0) throw system_error(errno, "PUBLIC_DIR " + path_);
        if (entry == nullptr) return;
        act(std::string(entry->d_name));
    }
}

// The lock of a temporary that no live import holds, as long as the result lives; none where it is
// held, or cannot be looked at: errno says which.
UniqueFd PublicDir::lock_temporary(const std::string& name) const {
    UniqueFd file(
        ::openat(fd_.get(), name.c_str(), O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC));
    if (file && ::flock(file.get(), LOCK_EX | LOCK_NB) != 0) file.reset();
    return file;
}

int PublicDir::remove_temporaries(ObjectId app) {
    const std::string prefix = temporary_prefix(app);
    int removed = 0, fault = 0;
    for_each_name([&](const std::string& name) {
        if (!name.starts_with(prefix)) return;
        const UniqueFd lock = lock_temporary(name);
        if (!lock) {
            if (!is_none_of_ours(errno)) fault = errno;
        } else if (::unlinkat(fd_.get(), name.c_str(), 0) == 0) {
            ++removed;
        } else if (const int error = errno; !may_stay(error, lock.get())) {
            fault = error;
        }
    });
    if (fault != 0) throw system_error(fault, path_ + "/" + prefix + "*");
    return removed;
}

void PublicDir::put(ObjectId app, const std::string& name, std::string_view line) {
    Publication file(*this, app);
    file.write(std::as_bytes(std::span(line)));
    file.write(std::as_bytes(std::span(std::string_view("\n"))));
    file.put(name);
}

std::vector<PublicDir::Entry> PublicDir::list() {
    std::vector<Entry> entries;
    for_each_name([&](const std::string& name) {
        struct stat status {};
        if (name.find('\n') != std::string::npos) return;
        if (::fstatat(fd_.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
            if (errno == ENOENT) return;  // it has gone meanwhile
            throw system_error(errno, path_ + "/" + name);
        }
        if (!S_ISREG(status.st_mode)) return;
        if (entries.size() == kMaxFolderEntries)
            throw Error(ErrorKind::limit, "PUBLIC_DIR " + path_ + ": too many files");
        entries.push_back(
            {name, static_cast<uint64_t>(status.st_size), moment_of(status.st_mtim.tv_sec)});
    });
    return entries;
}

bool PublicDir::is_held(const std::string& temporary) {
    return !lock_temporary(temporary);
}

void PublicDir::remove_temporary(const std::string& temporary) {
    const std::string path = path_ + "/" + temporary;
    if (!app_of_temporary(temporary))
        throw Error(ErrorKind::bad_request, "'" + temporary + "' is no name of a temporary");
    struct stat status {};
    if (::fstatat(fd_.get(), temporary.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
        throw system_error(errno, path);
    const UniqueFd lock = lock_temporary(temporary);
    if (!lock) throw Error(ErrorKind::unavailable, path + ": it is in use");
    if (::unlinkat(fd_.get(), temporary.c_str(), 0) != 0) throw system_error(errno, path);
}

Publication::Publication(PublicDir& dir, ObjectId app)
    : dir_(dir), temporary_(temporary_prefix(app) + random_hex()) {
    UniqueFd fd(::openat(dir.fd(), temporary_.c_str(),
                         O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd) {
        const int error = errno;
        temporary_.clear();
        throw system_error(error, "PUBLIC_DIR " + dir.path());
    }
    // Only a mark for remove_temporaries(): a file system without locks just loses that.
    (void)::flock(fd.get(), LOCK_EX | LOCK_NB);
    file_ = FileWriter(std::move(fd), "PUBLIC_DIR " + dir.path());
}

Publication::~Publication() {
    if (!temporary_.empty()) ::unlinkat(dir_.fd(), temporary_.c_str(), 0);
}

std::unique_ptr<Reader> Publication::clone_from(int file) {
    if (::ioctl(file_.fd(), FICLONE, file) != 0) return nullptr;
    return std::make_unique<FileReader>(reread());
}

std::unique_ptr<RandomAccess> Publication::content() {
    return std::make_unique<FileReader>(reread());
}

FileReader Publication::reread() const {
    UniqueFd copy(::fcntl(file_.fd(), F_DUPFD_CLOEXEC, 3));
    if (!copy) throw system_error(errno, "PUBLIC_DIR " + dir_.path());
    return FileReader(std::move(copy), dir_.path() + "/" + temporary_);
}

// All but the name: whole, public and durable.
void Publication::finish(const std::string& name) {
    const std::string path = dir_.path() + "/" + name;
    require_public_name(name, ErrorKind::internal);
    file_.finish(path, kPublicMode);
}

void Publication::check_place(const std::string& name) const {
    if (is_same_file(dir_.fd(), name, file_.fd())) return;
    ::unlinkat(dir_.fd(), name.c_str(), 0);
    throw Error(ErrorKind::corrupt,
                dir_.path() + "/" + name + ": somebody put another file in its place");
}

void Publication::publish(const std::string& name) {
    const std::string path = dir_.path() + "/" + name;
    finish(name);
    try {
        if (!rename_new(dir_.fd(), temporary_, name)) throw system_error(errno, path);
        temporary_.clear();
        check_place(name);
        if (::fsync(dir_.fd()) != 0) throw system_error(errno, path);
        dir_.require_place();
    } catch (const Error&) {
        withdraw(name);
        throw;
    }
}

// A file server may have given the name, and the word of it was lost.
void Publication::withdraw(const std::string& name) const noexcept {
    if (is_same_file(dir_.fd(), name, file_.fd())) ::unlinkat(dir_.fd(), name.c_str(), 0);
}

void Publication::put(const std::string& name) {
    finish(name);
    if (::renameat(dir_.fd(), temporary_.c_str(), dir_.fd(), name.c_str()) != 0)
        throw system_error(errno, dir_.path() + "/" + name);
    temporary_.clear();
    check_place(name);
}

}  // namespace onemarket
