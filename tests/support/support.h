// SPDX-License-Identifier: Apache-2.0
// What tests share. Everything lives in throw-away folders and needs no root.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "backends/context.h"
#include "protocol/driver_message.h"

namespace onemarket::test {

// A folder that is gone, with all it holds, when the object is.
class TempDir {
  public:
    TempDir();
    ~TempDir();
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;

    const std::filesystem::path& path() const { return path_; }
    std::string operator/(const std::string& name) const { return (path_ / name).string(); }

  private:
    std::filesystem::path path_;
};

void write_file(const std::string& path, std::string_view content);
std::string read_file(const std::string& path);
// Its rights, as of chmod; of what a link leads to. Throws std::system_error.
mode_t mode_of(const std::string& path);
// A script others can run.
void write_script(const std::string& path, std::string_view content);
// Names in a folder, sorted, those that begin with a dot too.
std::vector<std::string> list(const std::string& folder);

// As long as it lives, the thread obeys the rights of files and folders even if it is root's
// (capabilities(7)). Where it is not, nothing changes.
class BoundByRights {
  public:
    BoundByRights();
    ~BoundByRights();
    BoundByRights(const BoundByRights&) = delete;
    BoundByRights& operator=(const BoundByRights&) = delete;

  private:
    uint32_t taken_;  // capabilities
};

// Bytes that look random and are always the same for a seed.
std::string noise(size_t size, unsigned seed = 1);

// What the shell's command prints. Throws std::runtime_error where it fails.
std::string output_of(const std::string& command);

// MD5 by the system's md5sum: not by the code under test.
std::string md5sum(const std::string& path);

// Remembers what was logged.
class RecordingLog : public RequestLog {
  public:
    void log(LogLevel level, std::string_view text) override {
        const std::lock_guard lock(mutex_);
        lines_.emplace_back(level, text);
    }
    std::vector<std::pair<LogLevel, std::string>> lines() const {
        const std::lock_guard lock(mutex_);
        return lines_;
    }
    bool contains(std::string_view text) const;

  private:
    mutable std::mutex mutex_;
    std::vector<std::pair<LogLevel, std::string>> lines_;
};

// A context nobody stops, unless the test does.
struct TestContext {
    explicit TestContext(ObjectId id = 5, TimeLimit limit = {})
        : context(id, stop.get_token(), limit, log) {}
    std::stop_source stop;
    RecordingLog log;
    Context context;
    operator Context&() { return context; }
};

// tests/fixtures/messages/<name>.xml with its @KEY@s replaced; every one must be given.
std::string message_xml(const std::string& name, const std::map<std::string, std::string>& values);
DriverMessage message(const std::string& name, const std::map<std::string, std::string>& values);

}  // namespace onemarket::test
