// SPDX-License-Identifier: Apache-2.0
// The bytes of oned's pipe become the same lines, however they arrive.
#include "protocol/line_buffer.h"

#include <string>
#include <vector>

#include "tests/fuzz/fuzz.h"

namespace onemarket::fuzz {
namespace {

struct Lines {
    std::vector<std::string> lines;
    size_t overlong = 0;
    bool operator==(const Lines&) const = default;
};

Lines fed(const std::vector<std::string_view>& pieces, size_t max_line) {
    Lines got;
    const auto take = [&got](std::string_view line) { got.lines.emplace_back(line); };
    LineBuffer buffer(max_line);
    for (const std::string_view piece : pieces) buffer.append(piece, take);
    buffer.finish(take);
    got.overlong = buffer.overlong_lines();
    return got;
}

// The contract, in a way that is as plain as it is slow.
Lines expected(std::string_view bytes, size_t max_line) {
    Lines lines;
    while (!bytes.empty()) {
        const size_t end = bytes.find('\n');
        const std::string_view line = bytes.substr(0, end);
        if (line.size() <= max_line)
            lines.lines.emplace_back(line);
        else
            ++lines.overlong;
        bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
    }
    return lines;
}

}  // namespace

void one_input(std::string_view input) {
    if (input.size() < 2) return;
    const auto max_line = static_cast<unsigned char>(input[0]);
    const auto seed = static_cast<unsigned char>(input[1]);
    const std::string_view bytes = input.substr(2);
    const Lines whole = fed({bytes}, max_line);
    must(whole == expected(bytes, max_line), "lines are what stands between line breaks");
    must(fed(cut(bytes, seed), max_line) == whole, "pieces give the lines of the whole");
}

}  // namespace onemarket::fuzz
