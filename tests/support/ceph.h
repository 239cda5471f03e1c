// SPDX-License-Identifier: Apache-2.0
// tests/support/rbd.sh as an object: a Ceph on loopback with a pool of RBD images.
#pragma once

#include <string>

#include "tests/support/support.h"

namespace onemarket::test {

class Ceph {
  public:
    // One for the whole program, started when it is first asked for. Throws std::runtime_error when
    // it does not start.
    static Ceph& shared();

    // Whether Ceph is installed; without it tests say so and skip.
    static bool is_there();

    std::string conf() const { return dir_ / "ceph/ceph.conf"; }
    // Of the user client.market, which may read the pool `one`.
    std::string keyfile() const { return dir_ / "ceph/key"; }
    // Makes the image one/<name>.
    void import(const std::string& name, const std::string& content);

  private:
    Ceph();
    ~Ceph();
    Ceph(const Ceph&) = delete;
    Ceph& operator=(const Ceph&) = delete;
    void run(const std::string& words) const;

    TempDir dir_;
};

}  // namespace onemarket::test
