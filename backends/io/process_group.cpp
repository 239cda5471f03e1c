// SPDX-License-Identifier: Apache-2.0
#include "backends/io/process_group.h"

#include <dirent.h>

#include <fstream>
#include <memory>
#include <string>

#include "protocol/ascii.h"

namespace onemarket {
namespace {

// The process group in /proc/PID/stat: the third field behind the command's name, which stands in
// brackets and may hold anything.
pid_t group_of(const std::string& folder) {
    std::string stat;
    std::getline(std::ifstream(folder + "/stat"), stat);
    const size_t name_end = stat.rfind(')');
    if (name_end == std::string::npos) return -1;
    const auto fields = ascii::split(std::string_view(stat).substr(name_end + 1), " ");
    return fields.size() < 3 ? -1 : ascii::parse_number<pid_t>(fields[2]).value_or(-1);
}

uint64_t io_bytes(const std::string& folder) {
    std::ifstream io(folder + "/io");
    uint64_t bytes = 0;
    for (std::string line; std::getline(io, line);) {
        const auto words = ascii::split(line, " ");
        if (words.size() == 2 && (words[0] == "rchar:" || words[0] == "wchar:"))
            bytes += ascii::parse_number<uint64_t>(words[1]).value_or(0);
    }
    return bytes;
}

}  // namespace

uint64_t group_io_bytes(pid_t group) {
    const std::unique_ptr<DIR, int (*)(DIR*)> entries(::opendir("/proc"), ::closedir);
    if (!entries) return 0;
    uint64_t bytes = 0;
    while (const dirent* entry = ::readdir(entries.get())) {
        const std::string name = entry->d_name;
        if (!ascii::is_digit(name.front())) continue;
        const std::string folder = "/proc/" + name;
        if (group_of(folder) == group) bytes += io_bytes(folder);
    }
    return bytes;
}

}  // namespace onemarket
