// SPDX-License-Identifier: Apache-2.0
// The one file that includes spdlog.
#include "daemon/log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <sys/stat.h>

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

namespace onemarket {
namespace {

constexpr std::chrono::seconds kMendEvery{5};

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
    explicit Sink(spdlog::logger to) : logger(std::move(to)) {}

    spdlog::logger logger;
    std::atomic<bool> failed = false;  // in a line that was to be written
};

LogFile::LogFile(const std::string& path, LogLevel level, size_t megabytes, size_t files)
    : path_(path), problem_(open({level, megabytes, files})) {}

LogFile::~LogFile() = default;

std::string LogFile::reopen(LogLevel level, size_t megabytes, size_t files) {
    return open({level, megabytes, files});
}

// What is wrong; empty where it is open.
std::string LogFile::open(const Settings& settings) {
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
        auto file = std::make_shared<spdlog::sinks::rotating_file_sink_mt>(
            path_, settings.megabytes << 20, settings.files, false, events);
        const auto sink = std::make_shared<Sink>(spdlog::logger("onemarketd", std::move(file)));
        sink->logger.set_pattern("%Y-%m-%dT%H:%M:%S.%e%z [%t] %^%l%$ %v");
        sink->logger.set_level(spd_level(settings.level));
        sink->logger.flush_on(spdlog::level::debug);
        // A log that cannot be written (disk full) is no reason to say so on stderr, line by line.
        sink->logger.set_error_handler(
            [at = sink.get()](const std::string&) { at->failed = true; });
        const std::lock_guard lock(mutex_);
        sink_ = sink;
        settings_ = settings;
        return "";
    } catch (const std::exception& failure) {
        return failure.what();
    }
}

// Where that fails too, it is tried again with some later line.
void LogFile::mend() {
    Settings settings{};
    {
        const std::lock_guard lock(mutex_);
        const Clock::time_point now = Clock::now();
        if (now < again_) return;
        again_ = now + kMendEvery;
        settings = settings_;
    }
    (void)open(settings);
}

void LogFile::write(LogLevel level, std::string_view text) {
    std::shared_ptr<Sink> to;
    {
        const std::lock_guard lock(mutex_);
        to = sink_;
    }
    if (to && to->failed) {
        mend();
        const std::lock_guard lock(mutex_);
        to = sink_;
    }
    if (to) to->logger.log(spd_level(level), spdlog::string_view_t(text.data(), text.size()));
}

}  // namespace onemarket
