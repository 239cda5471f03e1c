// SPDX-License-Identifier: Apache-2.0
// What a zip's directory says of files that were unpacked before it came.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "backends/io/zip_directory.h"

namespace onemarket {

// Names are those below the process's working folder.
class ZipModes {
  public:
    ZipModes();

    // A file or a folder of that name is there. Nothing is done to any other.
    void extracted_file(const std::string& name);
    void extracted_folder(const std::string& name);

    // Files get their rights, as far as the umask lets them; one that is a link's target becomes
    // the link. Throws Error (corrupt) where that would lead out, or a file is not there, or not as
    // long as it should be.
    void take_over(const std::vector<ZipEntry>& entries) const;
    // Folders get theirs, when nothing else is done to them; their owner keeps all of his.
    void take_over_folders(const std::vector<ZipEntry>& entries) const;

  private:
    void check_all_there(const std::vector<ZipEntry>& entries) const;
    void check_whole(const std::vector<ZipEntry>& entries) const;
    bool is_file(const std::filesystem::path& name) const;
    void set_mode(const std::string& name, unsigned mode) const;
    void make_link(const std::string& name) const;

    std::set<std::filesystem::path> files_, folders_;
    mode_t mask_;
};

}  // namespace onemarket
