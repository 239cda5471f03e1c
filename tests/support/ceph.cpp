// SPDX-License-Identifier: Apache-2.0
#include "tests/support/ceph.h"

#include <cstdio>
#include <cstdlib>
#include <stdexcept>

namespace onemarket::test {
namespace {

// As one word of a shell.
std::string quoted(const std::string& text) {
    std::string out = "'";
    for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

}  // namespace

bool Ceph::is_there() {
    for (const char* program : {"ceph-mon", "ceph-osd", "rbd", "ceph"})
        if (!std::filesystem::exists(std::string("/usr/bin/") + program)) return false;
    return true;
}

Ceph& Ceph::shared() {
    static Ceph ceph;
    return ceph;
}

Ceph::Ceph() {
    run("start " + quoted(dir_ / "ceph"));
}

Ceph::~Ceph() {
    try {
        run("stop " + quoted(dir_ / "ceph"));
    } catch (const std::exception&) {  // it ends by itself without its folder
    }
}

void Ceph::import(const std::string& name, const std::string& content) {
    write_file(dir_ / "image", content);
    run("import " + quoted(dir_ / "ceph") + " " + quoted(dir_ / "image") + " " + quoted(name));
}

void Ceph::run(const std::string& words) const {
    std::fflush(nullptr);
    const std::string command =
        std::string(ONEMARKET_SOURCE_DIR) + "/tests/support/rbd.sh " + words + " > /dev/null";
    if (std::system(command.c_str()) != 0) throw std::runtime_error("rbd.sh " + words + " failed");
}

}  // namespace onemarket::test
