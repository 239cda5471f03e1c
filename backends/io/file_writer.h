// SPDX-License-Identifier: Apache-2.0
// The bytes of a new file, with its holes, on their way to the disk.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "backends/io/stream.h"
#include "backends/io/unique_fd.h"

namespace onemarket {

// Written once from begin to end. Not thread-safe.
class FileWriter : public Sink {
  public:
    FileWriter() = default;
    // An empty file that is open for writing; `name` begins errors.
    FileWriter(UniqueFd fd, std::string name) : fd_(std::move(fd)), name_(std::move(name)) {}

    void write(std::span<const std::byte> bytes) override;
    void skip(uint64_t count) override { offset_ += count; }

    // Its size is that of all that was given, a hole at its end included, its mode that one, and
    // all of it is on the disk. `name` begins errors from now on.
    void finish(const std::string& name, mode_t mode);

    int fd() const { return fd_.get(); }

  private:
    void start_write_back();

    UniqueFd fd_;
    std::string name_;
    uint64_t offset_ = 0;        // bytes given so far, holes included
    uint64_t written_back_ = 0;  // bytes whose write-back was started
};

}  // namespace onemarket
