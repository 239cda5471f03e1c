// SPDX-License-Identifier: Apache-2.0
#include "daemon/place.h"

#include <sys/stat.h>

#include <cerrno>
#include <filesystem>

#include "backends/io/random.h"

namespace onemarket {
namespace {

constexpr const char* kTemporary = ".onemarket-download-";

}  // namespace

std::string folder_of(const std::string& path) {
    const std::string folder = std::filesystem::path(path).parent_path().string();
    return folder.empty() ? "." : folder;
}

std::string temporary_beside(const std::string& path) {
    return folder_of(path) + "/" + kTemporary + random_hex();
}

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

void check_name(const std::string& path) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0 && errno == ENAMETOOLONG)
        throw system_error(errno, path);
}

Error place_error(int error, const std::string& path) {
    return system_error(error, error == ENOENT ? "folder " + folder_of(path) : path);
}

}  // namespace onemarket
