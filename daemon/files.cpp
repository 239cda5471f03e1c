// SPDX-License-Identifier: Apache-2.0
#include "daemon/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <memory>

#include "protocol/error.h"

namespace onemarket {

void make_state_folder(const std::string& path) {
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) throw system_error(errno, path);
    (void)::chmod(path.c_str(), 0700);
}

void write_all(int fd, std::string_view text, const std::string& path) {
    while (!text.empty()) {
        const ssize_t written = ::write(fd, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) throw system_error(errno, path);
        text.remove_prefix(static_cast<size_t>(written));
    }
}

UniqueFd replace_file(const std::string& path, const std::string& unfinished, std::string_view text,
                      mode_t mode) {
    UniqueFd file(
        ::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
    if (!file) throw system_error(errno, path);
    try {
        write_all(file.get(), text, path);
        // Whatever the umask.
        if (::fchmod(file.get(), mode) != 0 || ::rename(unfinished.c_str(), path.c_str()) != 0)
            throw system_error(errno, path);
    } catch (const Error&) {
        ::unlink(unfinished.c_str());
        throw;
    }
    return file;
}

bool is_at(const UniqueFd& file, const std::string& path) {
    struct stat ours {};
    struct stat now {};
    return file && ::fstat(file.get(), &ours) == 0 && ::lstat(path.c_str(), &now) == 0 &&
           now.st_dev == ours.st_dev && now.st_ino == ours.st_ino;
}

void try_folder(const std::string& path) {
    const std::string name = path + "/.try-" + std::to_string(::getpid());
    (void)::unlink(name.c_str());  // left by one of this number that was killed
    const UniqueFd file(
        ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file) throw system_error(errno, name);
    try {
        write_all(file.get(), std::string(4096, '\n'), name);  // a block: an empty file takes none
        if (::fdatasync(file.get()) != 0) throw system_error(errno, name);
        sync_folder(path);
    } catch (const Error&) {
        (void)::unlink(name.c_str());
        throw;
    }
    if (::unlink(name.c_str()) != 0) throw system_error(errno, name);
}

void sync_folder(const std::string& path) {
    const UniqueFd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder || ::fsync(folder.get()) != 0) throw system_error(errno, path);
}

std::vector<std::string> names_in(const std::string& folder) {
    std::vector<std::string> names;
    const std::unique_ptr<DIR, int (*)(DIR*)> entries(::opendir(folder.c_str()), ::closedir);
    if (!entries) {
        if (errno == ENOENT) return names;
        throw system_error(errno, folder);
    }
    while (true) {
        errno = 0;
        const dirent* entry = ::readdir(entries.get());
        if (entry == nullptr && errno != 0) throw system_error(errno, folder);
        if (entry == nullptr) return names;
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..") names.emplace_back(name);
    }
}

}  // namespace onemarket
