// SPDX-License-Identifier: Apache-2.0
#include "daemon/downloader/destination.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "daemon/files.h"
#include "daemon/place.h"
#include "protocol/error.h"

namespace onemarket {
namespace {

constexpr std::string_view kStdout = "-";

// A folder's name may end in a slash.
std::string without_slash(std::string path) {
    while (path.size() > 1 && path.back() == '/') path.pop_back();
    return path;
}

// What rename() will say in the end of a folder that is to have the path.
void check_free(const std::string& path) {
    check_name(path);
    std::error_code none_there;
    const auto status = std::filesystem::symlink_status(path, none_there);
    if (!std::filesystem::exists(status)) return;
    if (!std::filesystem::is_directory(status)) throw system_error(ENOTDIR, path);
    if (!std::filesystem::is_empty(path, none_there) && !none_there)
        throw system_error(ENOTEMPTY, path);
}

}  // namespace

bool is_stream(const std::string& destination) {
    struct stat status {};
    return destination == kStdout || (::stat(destination.c_str(), &status) == 0 &&
                                      !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode));
}

StreamSink::StreamSink(const std::string& destination)
    : name_(destination == kStdout ? "stdout" : destination),
      fd_(destination == kStdout ? ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
                                 : ::open(destination.c_str(), O_WRONLY | O_CLOEXEC)) {
    if (!fd_) throw system_error(errno, name_);
}

void StreamSink::write(std::span<const std::byte> bytes) {
    write_all(fd_.get(), as_text(bytes), name_);
}

void StreamSink::skip(uint64_t count) {
    static constexpr std::array<std::byte, size_t{64} << 10> zeros{};
    while (count > 0) {
        const size_t size = std::min<uint64_t>(count, zeros.size());
        write(std::span(zeros).first(size));
        count -= size;
    }
}

void StreamSink::finish() {
    struct stat status {};
    if (::fstat(fd_.get(), &status) == 0 && S_ISBLK(status.st_mode) && ::fsync(fd_.get()) != 0)
        throw system_error(errno, name_);
}

NewFolder::NewFolder(const std::string& path, RequestLog& log)
    : path_(followed(without_slash(path))), temporary_(temporary_beside(path_)), log_(log) {
    check_free(path_);
    if (::mkdir(temporary_.c_str(), 0777) == 0) return;
    const int error = errno;
    temporary_.clear();
    throw place_error(error, path);
}

NewFolder::~NewFolder() {
    if (temporary_.empty()) return;
    std::error_code error;
    std::filesystem::remove_all(temporary_, error);
    if (error) log_.log(LogLevel::warning, temporary_ + " is left: " + error.message());
}

void NewFolder::publish() {
    // All of its file system: what is in it are as many files as one likes.
    const UniqueFd folder(::open(temporary_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder || ::syncfs(folder.get()) != 0) throw system_error(errno, path_);
    if (::rename(temporary_.c_str(), path_.c_str()) != 0) throw system_error(errno, path_);
    temporary_.clear();
    sync_folder(folder_of(path_));
}

}  // namespace onemarket
