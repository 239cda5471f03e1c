// SPDX-License-Identifier: Apache-2.0
#include "daemon/new_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "backends/io/umask.h"
#include "daemon/attributes.h"
#include "daemon/files.h"
#include "daemon/place.h"
#include "protocol/error.h"

namespace onemarket {
namespace {

// What a redirection of the shell would leave.
unsigned mode_of(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0666 & ~current_umask();
}

}  // namespace

NewFile::NewFile(const std::string& path, const std::string& in_between)
    : NewFile(path, followed(path), nullptr, in_between) {}

NewFile NewFile::like(const std::string& model, const std::string& path) {
    return {path, path, &model, ""};
}

NewFile::NewFile(const std::string& name, const std::string& path, const std::string* another,
                 const std::string& in_between)
    : path_(path), in_between_(in_between.empty() ? temporary_beside(path_) : path_ + in_between) {
    const std::string& model = another != nullptr ? *another : path_;
    mode_ = mode_of(model);
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

}  // namespace onemarket
