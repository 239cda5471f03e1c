// SPDX-License-Identifier: Apache-2.0
#include "daemon/process_usage.h"

#include <sys/resource.h>
#include <unistd.h>

#include <vector>

#include "daemon/files.h"
#include "daemon/text_file.h"
#include "protocol/ascii.h"

namespace onemarket {
namespace {

// Fields of /proc/self/stat, counted from behind the name in parentheses, which may hold anything.
enum Field : size_t { kUserTicks = 11, kSystemTicks = 12, kThreads = 17, kVirtual = 20, kResident };

void read_stat(ProcessUsage& usage) {
    const std::string text = read_text_file_or_empty("/proc/self/stat");
    const size_t name_end = text.rfind(')');
    if (name_end == std::string::npos) return;
    const auto fields = ascii::split(std::string_view(text).substr(name_end + 1), " \n");
    if (fields.size() <= kResident) return;
    const auto number = [&](Field field) {
        return ascii::parse_number<uint64_t>(fields[field]).value_or(0);
    };
    usage.cpu_seconds = static_cast<double>(number(kUserTicks) + number(kSystemTicks)) /
                        static_cast<double>(::sysconf(_SC_CLK_TCK));
    usage.threads = number(kThreads);
    usage.virtual_bytes = number(kVirtual);
    usage.resident_bytes = number(kResident) * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

ProcessUsage read_process_usage() {
    ProcessUsage usage;
    read_stat(usage);
    try {
        usage.open_files = names_in("/proc/self/fd").size() - 1;  // but for the folder's own
    } catch (const Error&) {
        // There is no descriptor left to look with, or no /proc.
    }
    struct rlimit files {};
    if (::getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur != RLIM_INFINITY)
        usage.most_files = files.rlim_cur;
    return usage;
}

}  // namespace onemarket
