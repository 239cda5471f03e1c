// SPDX-License-Identifier: Apache-2.0
#include "daemon/state_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "daemon/files.h"
#include "protocol/ascii.h"
#include "protocol/error.h"

namespace onemarket {
namespace {

// What the driver that has the lock has written into it: its pid.
std::string holder(int fd) {
    std::array<char, 32> text{};
    const ssize_t got = ::pread(fd, text.data(), text.size(), 0);
    const std::string_view pid =
        ascii::trim({text.data(), got > 0 ? static_cast<size_t>(got) : size_t{0}});
    return ascii::parse_number<uint64_t>(pid) ? " (pid " + std::string(pid) + ")" : "";
}

}  // namespace

bool StateFolder::lock() {
    if (lock_) return true;
    taken_ = false;
    try {
        make_state_folder(path_);
    } catch (const Error& error) {
        return fail(error.what());
    }
    const std::string name = path_ + "/lock";
    UniqueFd file(::open(name.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file) return fail(system_error(errno, name).what());
    taken_ = ::flock(file.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (taken_) return fail("another onemarketd" + holder(file.get()) + " works in " + path_);
    // A file system without locks: the only driver there is, as far as can be told.
    const std::string pid = std::to_string(::getpid()) + "\n";
    if (::ftruncate(file.get(), 0) == 0) (void)!::pwrite(file.get(), pid.data(), pid.size(), 0);
    lock_ = std::move(file);
    obstacle_.clear();
    return true;
}

bool StateFolder::lose_if_gone() {
    struct stat locked {};
    struct stat there {};
    if (!lock_ || ::fstat(lock_.get(), &locked) != 0) return false;
    const int error = ::lstat((path_ + "/lock").c_str(), &there) == 0 ? 0 : errno;
    if (error == 0 && there.st_dev == locked.st_dev && there.st_ino == locked.st_ino) return false;
    lock_.reset();
    obstacle_ = error == EACCES ? "may not be used by the driver any more: whose is " + path_ + "?"
                                : "somebody has removed it; it is made anew";
    return true;
}

bool StateFolder::fail(std::string reason) {
    obstacle_ = std::move(reason);
    return false;
}

}  // namespace onemarket
