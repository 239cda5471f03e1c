// SPDX-License-Identifier: Apache-2.0
// Base64: there and back; and nothing is taken for it that is none.
#include "protocol/base64.h"

#include <algorithm>

#include "protocol/ascii.h"
#include "tests/fuzz/fuzz.h"

namespace onemarket::fuzz {
namespace {

bool is_base64(std::string_view text) {
    if (text.size() % 4 != 0) return false;
    for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) text.remove_suffix(1);
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return ascii::is_alnum(c) || c == '+' || c == '/'; });
}

}  // namespace

void one_input(std::string_view input) {
    const std::string encoded = base64_encode(input);
    must(is_base64(encoded), "what is written is base64");
    const Result<std::string> back = base64_decode(encoded);
    must(back && *back == input, "what is written is read as it was");

    std::string appended = "APP=\"";
    base64_append(appended, input);
    must(appended == "APP=\"" + encoded, "what is appended is what is written");

    const Result<std::string> decoded = base64_decode(input);
    must(static_cast<bool>(decoded) == is_base64(input), "base64 is taken, and nothing else");
    if (!decoded) return;
    // The last digit may have bits that stand for nothing.
    const std::string again = base64_encode(*decoded);
    const size_t digits =
        input.find('=') == std::string_view::npos ? input.size() : input.find('=') - 1;
    must(again.size() == input.size() && again.substr(0, digits) == input.substr(0, digits),
         "what was read is written as it was");
}

}  // namespace onemarket::fuzz
