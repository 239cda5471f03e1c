// SPDX-License-Identifier: Apache-2.0
// tests/support/sshd.sh as an object: other hosts, on loopback.
#pragma once

#include <string>

#include "tests/support/support.h"

namespace onemarket::test {

class Sshd {
  public:
    // Starts it. Throws std::runtime_error when it does not start.
    Sshd();
    ~Sshd();
    Sshd(const Sshd&) = delete;
    Sshd& operator=(const Sshd&) = delete;

    // Whether OpenSSH is installed; without it tests say so and skip.
    static bool is_there();

    // Has an `ssh` that knows the hosts: to be first in a PATH.
    std::string bin() const { return dir_ / "ssh/bin"; }
    // Processes that serve connections now.
    int connections() const;
    // Where programs of the hosts are looked for first.
    std::string host_bin() const { return dir_ / "ssh/host"; }
    // Kills the connections there are, or stops them so that nothing is heard of them, or lets them
    // go on.
    void drop() const { run("drop"); }
    void freeze() const { run("freeze"); }
    void thaw() const { run("thaw"); }
    // Another host for that ssh: lines of its configuration, e.g. "Port 2222".
    void add_host(const std::string& name, const std::string& lines);

  private:
    std::string run(const std::string& action) const;

    TempDir dir_;
};

}  // namespace onemarket::test
