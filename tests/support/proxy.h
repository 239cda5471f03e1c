// SPDX-License-Identifier: Apache-2.0
// tinyproxy on loopback, which asks for credentials.
#pragma once

#include <sys/types.h>

#include <string>

#include "tests/support/support.h"

namespace onemarket::test {

class Proxy {
  public:
    // Throws std::runtime_error when it does not start.
    Proxy(const std::string& user, const std::string& password);
    ~Proxy();
    Proxy(const Proxy&) = delete;
    Proxy& operator=(const Proxy&) = delete;

    std::string host() const;  // with the port
    // Requests it has passed on, a tunnel being one.
    size_t carried() const;
    // Those that came without the right credentials.
    size_t refused() const;

  private:
    bool start(const std::string& user, const std::string& password);
    size_t lines_with(const std::string& text) const;

    TempDir dir_;
    pid_t pid_ = -1;
    unsigned port_ = 0;
};

}  // namespace onemarket::test
