// SPDX-License-Identifier: Apache-2.0
#include "tests/support/sshd.h"

#include <array>
#include <cstdio>
#include <stdexcept>

namespace onemarket::test {

bool Sshd::is_there() {
    return std::filesystem::exists("/usr/sbin/sshd");
}

Sshd::Sshd() {
    run("start");
}

Sshd::~Sshd() {
    try {
        run("stop");
    } catch (const std::exception&) {  // it ends by itself without its folder
    }
}

std::string Sshd::run(const std::string& action) const {
    std::fflush(nullptr);
    const std::string command = std::string(ONEMARKET_SOURCE_DIR) + "/tests/support/sshd.sh " +
                                action + " '" + dir_ / "ssh" + "'";
    FILE* pipe = ::popen(command.c_str(), "r");
    if (pipe == nullptr) throw std::runtime_error("popen");
    std::string text;
    std::array<char, 4096> buffer;
    while (const size_t got = std::fread(buffer.data(), 1, buffer.size(), pipe))
        text.append(buffer.data(), got);
    if (::pclose(pipe) != 0) throw std::runtime_error("sshd.sh " + action + " failed");
    return text;
}

int Sshd::connections() const {
    return std::stoi(run("connections"));
}

// The first value of an option counts.
void Sshd::add_host(const std::string& name, const std::string& lines) {
    const std::string config = dir_ / "ssh/config";
    write_file(config, "Host " + name + "\n" + lines + "\n" + read_file(config));
}

}  // namespace onemarket::test
