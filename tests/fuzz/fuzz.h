// SPDX-License-Identifier: Apache-2.0
// What fuzz targets share. A target is one file, which defines one_input(): what is done with an
// input, and what must be true of what comes of it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backends/context.h"
#include "protocol/error.h"

namespace onemarket::fuzz {

// Errors may leave it; anything else that does is a finding.
void one_input(std::string_view input);

// Makes the input a finding where it does not hold.
void must(bool holds, const char* what, const char* file = __builtin_FILE(),
          int line = __builtin_LINE());

// For inputs of several parts: what stands between the bytes 0x1e, at least `least` parts, and no
// more than kMostParts: what is behind them is not looked at, since many show no more than some.
inline constexpr size_t kMostParts = 16;
std::vector<std::string_view> parts_of(std::string_view input, size_t least = 1);

// No line break and no other control character in it, and it is UTF-8.
bool is_one_line(std::string_view text);

// A line as oned gets it: one line, and its end.
bool is_whole_line(std::string_view text);

// Cuts of a text, always the same for a seed: short ones, some of them empty.
std::vector<std::string_view> cut(std::string_view text, unsigned seed);

// A text that comes in such pieces. It must outlive this.
class Pieces {
  public:
    Pieces(std::string_view text, unsigned seed) : pieces_(cut(text, seed)) {}
    // As much as there is at one time; 0 at its end.
    size_t read(std::span<std::byte> buffer);

  private:
    std::vector<std::string_view> pieces_;
    size_t next_ = 0;
};

// Nobody stops it. What is logged must be fit for a line to oned.
class FuzzLog : public RequestLog {
  public:
    void log(LogLevel level, std::string_view text) override;
};
struct FuzzContext {
    FuzzLog log;
    Context context{5, {}, {}, log};
    operator Context&() { return context; }
};

// A throw-away folder in memory; gone with the object.
class MemoryDir {
  public:
    MemoryDir();
    ~MemoryDir();
    MemoryDir(const MemoryDir&) = delete;
    MemoryDir& operator=(const MemoryDir&) = delete;
    const std::string& path() const { return path_; }
    std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }

  private:
    std::string path_;
};

}  // namespace onemarket::fuzz
