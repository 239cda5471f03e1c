// SPDX-License-Identifier: Apache-2.0
// UTF-8 as the Unicode standard defines it (table 3-7, well-formed byte sequences): overlong forms,
// surrogates and anything above U+10FFFF are invalid. So are U+FFFE and U+FFFF, which oned's XML
// cannot hold (XML 1.0, production Char). Nothing here fails.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace onemarket {

bool is_utf8(std::string_view text);

// The text with U+FFFD for every maximal subpart of an ill-formed sequence, as browsers and Python
// do it, and for each U+FFFE and U+FFFF; valid text comes back as it is.
std::string repair_utf8(std::string_view text);

// How many bytes the control character has that the text begins with; 0 where it begins with none.
// Those of ASCII and U+0080 to U+009F, which a terminal obeys; U+2028 and U+2029, which end a line;
// U+202A to U+202E and U+2066 to U+2069, by which what follows can be shown as something else.
std::size_t control_length(std::string_view text);

// The longest prefix of at most max_bytes which does not cut a character in two. A view into the
// argument. Where the text is not UTF-8 around the cut, the cut is made at max_bytes.
std::string_view truncate_utf8(std::string_view text, std::size_t max_bytes);

}  // namespace onemarket
