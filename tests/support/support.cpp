// SPDX-License-Identifier: Apache-2.0
#include "tests/support/support.h"

#include <gtest/gtest.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <stdexcept>
#include <system_error>

namespace onemarket::test {

namespace fs = std::filesystem;

TempDir::TempDir() {
    std::string name = (fs::temp_directory_path() / "onemarket-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
    path_ = name;
}

TempDir::~TempDir() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

namespace {

// Takes some of the thread's effective capabilities (the lower 32) and gives it others, which it
// must be permitted. Returns those that it had of the first.
uint32_t exchange_capabilities(uint32_t taken, uint32_t given) {
    __user_cap_header_struct thread{_LINUX_CAPABILITY_VERSION_3, 0};
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
    const auto call = [&](long number) {
        if (::syscall(number, &thread, sets.data()) != 0)
            throw std::system_error(errno, std::system_category(), "capabilities");
    };
    call(SYS_capget);
    const uint32_t had = sets[0].effective & taken;
    sets[0].effective = (sets[0].effective & ~taken) | given;
    call(SYS_capset);
    return had;
}

}  // namespace

BoundByRights::BoundByRights()
    : taken_(exchange_capabilities(1U << CAP_DAC_OVERRIDE | 1U << CAP_DAC_READ_SEARCH, 0)) {}

BoundByRights::~BoundByRights() {
    exchange_capabilities(0, taken_);
}

void write_file(const std::string& path, std::string_view content) {
    fs::create_directories(fs::path(path).parent_path());
    std::ofstream stream(path, std::ios::binary);
    stream.write(content.data(), static_cast<std::streamsize>(content.size()));
    if (!stream.flush()) throw std::runtime_error("cannot write " + path);
}

std::string read_file(const std::string& path) {
    std::ifstream stream(path, std::ios::binary);
    if (!stream) throw std::runtime_error("cannot read " + path);
    return {std::istreambuf_iterator<char>(stream), {}};
}

mode_t mode_of(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0)
        throw std::system_error(errno, std::generic_category(), path);
    return status.st_mode & 07777;
}

void write_script(const std::string& path, std::string_view content) {
    write_file(path, content);
    fs::permissions(path, fs::perms(0755));
}

std::vector<std::string> list(const std::string& folder) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder))
        names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
}

std::string noise(size_t size, unsigned seed) {
    std::mt19937_64 random(seed);
    std::vector<uint64_t> words(size / sizeof(uint64_t) + 1);
    for (uint64_t& word : words) word = random();
    return std::string(reinterpret_cast<const char*>(words.data()), size);
}

std::string output_of(const std::string& command) {
    FILE* pipe = ::popen(command.c_str(), "r");
    if (pipe == nullptr) throw std::runtime_error("popen");
    std::string text;
    std::array<char, 4096> buffer{};
    while (const size_t got = std::fread(buffer.data(), 1, buffer.size(), pipe))
        text.append(buffer.data(), got);
    if (::pclose(pipe) != 0) throw std::runtime_error("failed: " + command);
    return text;
}

std::string md5sum(const std::string& path) {
    return output_of("md5sum < '" + path + "'").substr(0, 32);
}

bool RecordingLog::contains(std::string_view text) const {
    const auto all = lines();
    return std::any_of(all.begin(), all.end(), [&](const auto& line) {
        return line.second.find(text) != std::string::npos;
    });
}

std::string message_xml(const std::string& name, const std::map<std::string, std::string>& values) {
    std::string xml = read_file(std::string(ONEMARKET_FIXTURES) + "/messages/" + name + ".xml");
    for (const auto& [key, value] : values) {
        const std::string mark = "@" + key + "@";
        for (size_t at = xml.find(mark); at != std::string::npos;
             at = xml.find(mark, at + value.size()))
            xml.replace(at, mark.size(), value);
    }
    if (const size_t at = xml.find("[@"); at != std::string::npos)
        throw std::runtime_error(name + ": no value for " + xml.substr(at + 1, 20));
    return xml;
}

DriverMessage message(const std::string& name, const std::map<std::string, std::string>& values) {
    Result<DriverMessage> parsed = DriverMessage::parse(message_xml(name, values));
    if (!parsed) throw std::runtime_error(name + ": " + parsed.reason());
    return std::move(*parsed);
}

}  // namespace onemarket::test
