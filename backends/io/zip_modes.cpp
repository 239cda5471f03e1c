// SPDX-License-Identifier: Apache-2.0
#include "backends/io/zip_modes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <map>

#include "backends/io/archive_names.h"
#include "backends/io/umask.h"
#include "backends/io/unique_fd.h"
#include "protocol/error.h"

namespace onemarket {
namespace {

constexpr size_t kMostTarget = 4096;  // bytes of a link

// Under Windows some write the other slash.
bool is_folder(const std::string& name) {
    return name.ends_with('/') || name.ends_with('\\');
}

// The begin of a file.
std::string content_of(const std::filesystem::path& name) {
    std::string text(kMostTarget, '\0');
    const UniqueFd fd(::open(name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    const ssize_t size = fd ? ::read(fd.get(), text.data(), text.size()) : -1;
    if (size < 0) throw system_error(errno, name);
    text.resize(static_cast<size_t>(size));
    return text;
}

}  // namespace

ZipModes::ZipModes() : mask_(current_umask()) {}

void ZipModes::extracted_file(const std::string& name) {
    files_.insert(plain_name(name));
}

void ZipModes::extracted_folder(const std::string& name) {
    folders_.insert(plain_name(name));
}

void ZipModes::take_over(const std::vector<ZipEntry>& entries) const {
    check_all_there(entries);
    check_whole(entries);
    for (const ZipEntry& entry : entries)
        if (S_ISREG(entry.mode)) set_mode(entry.name, entry.mode);
    // What is a link now was a file, so that none is on the way to another.
    for (const ZipEntry& entry : entries)
        if (S_ISLNK(entry.mode)) make_link(entry.name);
}

void ZipModes::take_over_folders(const std::vector<ZipEntry>& entries) const {
    for (const ZipEntry& entry : entries) {
        if (!S_ISDIR(entry.mode)) continue;
        const std::filesystem::path folder = plain_name(entry.name);
        std::error_code error;
        if (folders_.contains(folder) &&
            std::filesystem::is_directory(std::filesystem::symlink_status(folder, error)) &&
            ::chmod(folder.c_str(), (entry.mode & 0777 & ~mask_) | 0700) != 0)
            throw system_error(errno, entry.name);
    }
}

// To libarchive what is damaged at an entry's begin is nothing. It may have a name in another way
// than the directory (composed, or of its Unicode extra field): then there are as many of those.
void ZipModes::check_all_there(const std::vector<ZipEntry>& entries) const {
    std::set<std::filesystem::path> others = files_;
    std::vector<std::string> lost;
    for (const ZipEntry& entry : entries) {
        if (is_folder(entry.name)) continue;
        others.erase(plain_name(entry.name));
        if (!files_.contains(plain_name(entry.name))) lost.push_back(entry.name);
    }
    if (lost.size() > others.size())
        throw Error(ErrorKind::corrupt,
                    "'" + lost.front() + "' is in the archive's directory and not in the archive");
}

// Of a name that is there twice the last one counts.
void ZipModes::check_whole(const std::vector<ZipEntry>& entries) const {
    std::map<std::filesystem::path, std::optional<uint32_t>> sizes;
    for (const ZipEntry& entry : entries)
        if (!is_folder(entry.name)) sizes[plain_name(entry.name)] = entry.size;
    for (const auto& [name, said] : sizes) {
        std::error_code error;
        if (!said || !is_file(name)) continue;
        const uint64_t size = std::filesystem::file_size(name, error);
        if (!error && static_cast<uint32_t>(size) != *said)
            throw Error(ErrorKind::corrupt, "'" + name.string() + "' has " + std::to_string(size) +
                                                " bytes, and the archive's directory says " +
                                                std::to_string(*said));
    }
}

bool ZipModes::is_file(const std::filesystem::path& name) const {
    std::error_code error;
    return files_.contains(name) &&
           std::filesystem::is_regular_file(std::filesystem::symlink_status(name, error));
}

void ZipModes::set_mode(const std::string& name, unsigned mode) const {
    const std::filesystem::path file = plain_name(name);
    if (is_file(file) && ::chmod(file.c_str(), mode & 0777 & ~mask_) != 0)
        throw system_error(errno, name);
}

void ZipModes::make_link(const std::string& name) const {
    const auto refuse = [&](const char* why) {
        throw Error(ErrorKind::corrupt, "'" + name + "' " + why);
    };
    const std::filesystem::path link = plain_name(name);
    if (!is_file(link)) refuse("is a link that is not in the archive");
    const std::string target = content_of(link);
    if (target.size() == kMostTarget || target.find('\0') != std::string::npos ||
        !leads_within(link, target))
        refuse("is a link that leads out of the archive");
    std::error_code error;
    std::filesystem::remove(link, error);
    if (!error) std::filesystem::create_symlink(target, link, error);
    if (error) throw system_error(error.value(), name);
}

}  // namespace onemarket
