// SPDX-License-Identifier: Apache-2.0
// <VAR>/onemarketd: what the driver keeps over its lives, and the lock of the one driver that may.
#pragma once

#include <string>

#include "backends/io/unique_fd.h"

namespace onemarket {

// Not thread-safe.
class StateFolder {
  public:
    explicit StateFolder(std::string path) : path_(std::move(path)) {}

    // Makes the folder (mode 0700) and takes its lock, which lasts as long as this object and no
    // child inherits. False, and obstacle() says why, where another driver has it or the folder
    // cannot be used; to be tried again.
    bool lock();
    // True where what was locked is not there any more, or cannot be seen, and obstacle() says
    // which: somebody has removed the folder, or moved it away, and another driver may lock the
    // next; or has taken it from this driver. It is to be locked anew.
    bool lose_if_gone();
    const std::string& obstacle() const { return obstacle_; }
    // True when the obstacle is another driver, which may be ending just now.
    bool taken() const { return taken_; }
    // What is in it is of no use, either.
    void unusable(std::string reason) { obstacle_ = std::move(reason); }

    const std::string& path() const { return path_; }
    std::string journal() const { return path_ + "/journal"; }

  private:
    bool fail(std::string reason);

    std::string path_;
    std::string obstacle_;
    bool taken_ = false;
    UniqueFd lock_;
};

}  // namespace onemarket
