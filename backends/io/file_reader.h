// SPDX-License-Identifier: Apache-2.0
// An image that is a file, or a block device, of this host.
#pragma once

#include <time.h>

#include <cstdint>
#include <string>

#include "backends/io/stream.h"
#include "backends/io/unique_fd.h"

namespace onemarket {

// Reads a regular file with its holes, or a block device. Every failure is an Error that begins
// with the path.
class FileReader : public Reader, public RandomAccess {
  public:
    // Opens the file. Anything that is neither a regular file nor a block device is refused, so
    // that a FIFO cannot hold a worker for ever.
    explicit FileReader(const std::string& path);

    // Reads a file that is open already, from its begin; `path` is its name in errors.
    FileReader(UniqueFd fd, const std::string& path);

    Piece read(std::span<std::byte> buffer, Context& context) override;
    int file() const override { return regular_ ? fd_.get() : -1; }

    const RandomAccess* random_access() const override { return this; }

    size_t read_at(uint64_t offset, std::span<std::byte> buffer) const override;
    uint64_t size() const override { return size_; }
    bool changed() const override;
    uint64_t allocated() const override { return allocated_; }
    std::optional<uint64_t> length() const override { return size_; }

  private:
    void find_extent();
    [[noreturn]] void ended_early(uint64_t at) const;

    std::string path_;
    UniqueFd fd_;
    bool regular_ = false;
    bool seek_data_ = true;  // the file system can tell holes from data
    uint64_t size_ = 0;
    timespec modified_{};  // when it was opened
    uint64_t allocated_ = 0;
    uint64_t offset_ = 0;
    // The data at or behind offset_; what lies before it is a hole.
    uint64_t extent_begin_ = 0;
    uint64_t extent_end_ = 0;
};

}  // namespace onemarket
