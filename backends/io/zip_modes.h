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

    // A file of that name is there. Nothing is done to any other.
    void extracted(const std::string& name);

    // Files get their rights, as far as the umask lets them; one that is a link's target becomes
    // the link. Throws Error (corrupt) where that would lead out, or the file is not there.
    void take_over(const std::vector<ZipEntry>& entries) const;

  private:
    bool is_file(const std::filesystem::path& name) const;
    void set_mode(const std::string& name, unsigned mode) const;
    void make_link(const std::string& name) const;

    std::set<std::filesystem::path> files_;
    mode_t mask_;
};

}  // namespace onemarket
