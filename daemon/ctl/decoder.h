// SPDX-License-Identifier: Apache-2.0
// Base64 made readable: the protocol's own, and that within its texts.
#pragma once

#include <string>
#include <string_view>

namespace onemarket {

// A text of template attributes, one a line. Those that hold base64 (APP, and the names that end in
// 64) become the name alone, what they hold decoded and indented below it, and so on in there.
std::string unfold(std::string_view text);

enum class Lists { unfolded, raw };

// A line of the protocol, in either direction: its base64 decoded and, unless raw, unfolded.
std::string decode_line(const std::string& line, Lists lists);

}  // namespace onemarket
