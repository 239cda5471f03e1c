// SPDX-License-Identifier: Apache-2.0
// The one file that includes spdlog.
#include "daemon/log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <sys/stat.h>

#include <cstdio>
#include <filesystem>
#include <system_error>

namespace onemarket {
namespace {

spdlog::level::level_enum spd_level(LogLevel level) {
    switch (level) {
        case LogLevel::error:
            return spdlog::level::err;
        case LogLevel::warning:
            return spdlog::level::warn;
        case LogLevel::info:
            return spdlog::level::info;
        case LogLevel::debug:
            return spdlog::level::debug;
    }
    return spdlog::level::info;
}

// Apps and paths are nobody's business, whatever the umask. Of a file that was just made; what an
// administrator allows later stays.
void narrow(int file) {
    constexpr mode_t most = 0640;
    struct stat status {};
    if (::fstat(file, &status) == 0 && status.st_size == 0)
        (void)::fchmod(file, status.st_mode & most);
}

}  // namespace

struct LogFile::Sink {
    spdlog::logger logger;
};

LogFile::LogFile(const std::string& path, LogLevel level, size_t megabytes, size_t files)
    : path_(path), problem_(open(level, megabytes, files)) {}

LogFile::~LogFile() = default;

std::string LogFile::reopen(LogLevel level, size_t megabytes, size_t files) {
    return open(level, megabytes, files);
}

// What is wrong; empty where it is open.
std::string LogFile::open(LogLevel level, size_t megabytes, size_t files) {
    const std::filesystem::path folder = std::filesystem::path(path_).parent_path();
    std::error_code error;
    // spdlog would make it
    if (!std::filesystem::is_directory(folder, error))
        return "there is no folder " + folder.string();
    if (std::filesystem::exists(path_, error) && !std::filesystem::is_regular_file(path_, error))
        return path_ + " is no regular file";
    try {
        spdlog::file_event_handlers events;
        events.after_open = [](const auto&, std::FILE* file) { narrow(::fileno(file)); };
        auto file = std::make_shared<spdlog::sinks::rotating_file_sink_mt>(path_, megabytes << 20,
                                                                           files, false, events);
        const auto sink =
            std::make_shared<Sink>(Sink{spdlog::logger("onemarketd", std::move(file))});
        sink->logger.set_pattern("%Y-%m-%dT%H:%M:%S.%e%z [%t] %^%l%$ %v");
        sink->logger.set_level(spd_level(level));
        sink->logger.flush_on(spdlog::level::debug);
        // A log that cannot be written (disk full) is no reason to say so on stderr, line by line.
        sink->logger.set_error_handler([](const std::string&) {});
        const std::lock_guard lock(mutex_);
        sink_ = sink;
        return "";
    } catch (const std::exception& failure) {
        return failure.what();
    }
}

void LogFile::write(LogLevel level, std::string_view text) {
    std::shared_ptr<Sink> to;
    {
        const std::lock_guard lock(mutex_);
        to = sink_;
    }
    if (to) to->logger.log(spd_level(level), spdlog::string_view_t(text.data(), text.size()));
}

}  // namespace onemarket
