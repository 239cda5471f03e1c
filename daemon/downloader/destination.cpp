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

#include "backends/io/random.h"
#include "backends/io/umask.h"
#include "daemon/downloader/attributes.h"
#include "daemon/state_files.h"
#include "protocol/error.h"

namespace onemarket {
namespace {

constexpr const char* kTemporary = ".onemarket-download-";
constexpr std::string_view kStdout = "-";

std::string folder_of(const std::string& path) {
    const std::string folder = std::filesystem::path(path).parent_path().string();
    return folder.empty() ? "." : folder;
}

std::string temporary_beside(const std::string& path) {
    return folder_of(path) + "/" + kTemporary + random_hex();
}

// Where a link leads to, be there something or not; the path itself where there is none.
std::string followed(const std::string& path) {
    constexpr int most_links = 40;  // as the kernel follows
    std::error_code error;
    auto place = std::filesystem::weakly_canonical(path, error);
    for (int hop = 0; !error && std::filesystem::is_symlink(place, error); ++hop) {
        if (hop == most_links) throw system_error(ELOOP, path);
        const auto target = std::filesystem::read_symlink(place, error);
        place = std::filesystem::weakly_canonical(place.parent_path() / target, error);
    }
    if (error == std::errc::too_many_symbolic_link_levels) throw system_error(ELOOP, path);
    // Empty where that cannot be told.
    return place.empty() ? path : place.string();
}

// A folder's name may end in a slash.
std::string without_slash(std::string path) {
    while (path.size() > 1 && path.back() == '/') path.pop_back();
    return path;
}

// What a redirection of the shell would leave.
unsigned mode_of(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0666 & ~current_umask();
}

// Before all of it has come: what cannot have the name in the end.
void check_name(const std::string& path) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0 && errno == ENAMETOOLONG)
        throw system_error(errno, path);
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

// Why nothing can be made at the path; what is missing is its folder.
Error place_error(int error, const std::string& path) {
    return system_error(error, error == ENOENT ? "folder " + folder_of(path) : path);
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

NewFile::NewFile(const std::string& path, const std::string& in_between)
    : NewFile(path, followed(path), followed(path), in_between) {}

NewFile NewFile::like(const std::string& model, const std::string& path) {
    return {path, path, model, ""};
}

NewFile::NewFile(const std::string& name, const std::string& path, const std::string& model,
                 const std::string& in_between)
    : path_(path),
      in_between_(in_between.empty() ? temporary_beside(path_) : path_ + in_between),
      mode_(mode_of(model)) {
    std::error_code none_yet;
    if (std::filesystem::is_directory(std::filesystem::symlink_status(path_, none_yet)))
        throw system_error(EISDIR, name);
    check_name(path_);
    const std::string folder = folder_of(path_);
    ::unlink(in_between_.c_str());
    UniqueFd fd(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    if (!fd) {  // a file system that cannot, or a folder that is none
        temporary_ = in_between_;
        fd.reset(
            ::open(temporary_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    }
    if (!fd) {
        const int error = errno;
        temporary_.clear();
        throw place_error(error, name);
    }
    lost_ = copy_attributes(model, fd.get());
    file_ = FileWriter(std::move(fd), name);
}

NewFile::~NewFile() {
    if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void NewFile::publish() {
    file_.finish(path_, mode_);
    if (temporary_.empty()) {
        const auto link_to = [nameless = "/proc/self/fd/" +
                                         std::to_string(file_.fd())](const std::string& name) {
            return ::linkat(AT_FDCWD, nameless.c_str(), AT_FDCWD, name.c_str(),
                            AT_SYMLINK_FOLLOW) == 0;
        };
        if (link_to(path_)) return sync_folder(folder_of(path_));
        // What is there can be replaced by what has a name alone.
        if (!link_to(in_between_)) throw system_error(errno, path_);
        temporary_ = in_between_;
    }
    if (::rename(temporary_.c_str(), path_.c_str()) != 0) throw system_error(errno, path_);
    temporary_.clear();
    sync_folder(folder_of(path_));
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
