// SPDX-License-Identifier: Apache-2.0
// Bytes in, lines out: the framing of oned's pipe.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace onemarket {

// Collects bytes as they arrive and hands out whole lines without their newline. Any byte may
// stand in a line, NUL too. A line over the limit is thrown away up to its newline and counted, so
// that one garbled line cannot exhaust the memory or take its successor with it. What a line took
// is given back once it is handed out. Not thread-safe.
class LineBuffer {
  public:
    // Called with each line; the view is valid during the call only.
    using OnLine = std::function<void(std::string_view line)>;

    // `max_line`: the longest line accepted, in bytes, without its newline.
    explicit LineBuffer(size_t max_line) : max_line_(max_line) {}

    // Adds bytes and calls `on_line` for each line they complete. Where that throws, or there is no
    // memory, `bytes` begins with what was not taken: it may be given again, when the line that it
    // was about comes again.
    void take(std::string_view& bytes, const OnLine& on_line);
    // The same for who gives nothing again.
    void append(std::string_view bytes, const OnLine& on_line) { take(bytes, on_line); }

    // At the end of the stream: hands out a last line that lacks its newline, if there is one.
    void finish(const OnLine& on_line);

    // Lines thrown away so far for being over the limit.
    size_t overlong_lines() const { return overlong_lines_; }

  private:
    void keep(std::string_view piece);
    void give_back();

    size_t max_line_;
    size_t overlong_lines_ = 0;
    bool skipping_ = false;  // inside a line over the limit
    std::string partial_;
};

}  // namespace onemarket
