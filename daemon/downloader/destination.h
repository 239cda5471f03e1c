// SPDX-License-Identifier: Apache-2.0
// Where a download goes: nothing is seen there before it is whole.
#pragma once

#include <string>

#include "backends/context.h"
#include "backends/io/stream.h"
#include "backends/io/unique_fd.h"

namespace onemarket {

// True for what takes bytes as they come: - (stdout), a FIFO, a device.
bool is_stream(const std::string& destination);

// Bytes to stdout, or to what is_stream() else; zeros are written. Throws Error when nobody reads.
class StreamSink : public Sink {
  public:
    explicit StreamSink(const std::string& destination);

    void write(std::span<const std::byte> bytes) override;
    void skip(uint64_t count) override;
    // What was written to a block device is on it.
    void finish();

  private:
    std::string name_;
    UniqueFd fd_;
};

// A folder that appears under its name with publish(), whose place must be free: what there is in
// it comes to `temporary()`. What cannot be removed again is told to the log, which must outlive
// this.
class NewFolder {
  public:
    NewFolder(const std::string& path, RequestLog& log);
    ~NewFolder();
    NewFolder(const NewFolder&) = delete;
    NewFolder& operator=(const NewFolder&) = delete;

    const std::string& temporary() const { return temporary_; }
    void publish();

  private:
    std::string path_;
    std::string temporary_;  // empty once published
    RequestLog& log_;
};

}  // namespace onemarket
