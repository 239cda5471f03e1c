// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>

#include "protocol/ascii.h"
#include "protocol/utf8.h"

// What libFuzzer calls. The bytes are of its own heap and end where they end, so that to read
// behind them is seen.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    try {
        onemarket::fuzz::one_input({reinterpret_cast<const char*>(data), size});
    } catch (const onemarket::Error& error) {
        onemarket::fuzz::must(error.kind() != onemarket::ErrorKind::internal,
                              "an input is no defect of the driver");
    }
    return 0;
}

namespace onemarket::fuzz {

void must(bool holds, const char* what, const char* file, int line) {
    if (holds) return;
    std::fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
    ::abort();
}

std::vector<std::string_view> parts_of(std::string_view input, size_t least) {
    std::vector<std::string_view> parts;
    while (parts.size() < kMostParts) {
        const size_t end = input.find('\x1e');
        parts.push_back(input.substr(0, end));
        if (end == std::string_view::npos) break;
        input.remove_prefix(end + 1);
    }
    parts.resize(std::max(parts.size(), least));
    return parts;
}

bool is_one_line(std::string_view text) {
    return is_utf8(text) && std::none_of(text.begin(), text.end(), ascii::is_control);
}

bool is_whole_line(std::string_view text) {
    return text.ends_with('\n') && is_one_line(text.substr(0, text.size() - 1));
}

std::vector<std::string_view> cut(std::string_view text, unsigned seed) {
    std::vector<std::string_view> pieces;
    while (!text.empty()) {
        seed = seed * 1'664'525 + 1'013'904'223;
        const size_t size = std::min<size_t>(seed >> 28, text.size());
        pieces.push_back(text.substr(0, size));
        text.remove_prefix(size);
    }
    return pieces;
}

size_t Pieces::read(std::span<std::byte> buffer) {
    while (next_ < pieces_.size() && pieces_[next_].empty()) ++next_;
    if (next_ == pieces_.size()) return 0;
    std::string_view& piece = pieces_[next_];
    const size_t size = std::min(piece.size(), buffer.size());
    std::copy_n(std::as_bytes(std::span(piece)).begin(), size, buffer.begin());
    piece.remove_prefix(size);
    return size;
}

void FuzzLog::log(LogLevel level, std::string_view text) {
    must(is_whole_line(format_log(level, 5, text)), "a line of the log is one line");
}

MemoryDir::MemoryDir() {
    const char* folder = ::access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    // By the number `campaign` knows what a process that was ended has left.
    path_ = std::string(folder) + "/onemarketd-fuzz-" + std::to_string(::getpid()) + "-XXXXXX";
    must(::mkdtemp(path_.data()) != nullptr, "a folder can be made");
}

MemoryDir::~MemoryDir() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
}

}  // namespace onemarket::fuzz
