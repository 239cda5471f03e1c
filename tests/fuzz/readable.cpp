// SPDX-License-Identifier: Apache-2.0
// Texts around the driver: defaultrc, and what `onemarketctl decode` makes readable.
#include "daemon/ctl/decoder.h"
#include "daemon/environment.h"
#include "protocol/ascii.h"
#include "protocol/base64.h"
#include "tests/fuzz/fuzz.h"

namespace onemarket::fuzz {

void one_input(std::string_view input) {
    for (const auto& [name, value] : parse_rc(input)) {
        must(!name.empty() && !ascii::is_digit(name.front()), "a name is one");
        must(name.find_first_of("= \n") == std::string::npos, "a name is a word");
        must(value.find('\n') == std::string::npos, "a value is of one line");
    }
    const std::string line(input);
    decode_line(line, Lists::raw);
    decode_line(line, Lists::unfolded);
    if (input.find('=') == std::string_view::npos) must(unfold(input) == input, "a text stays");
    const std::string folded = "APP=\"" + base64_encode(input) + "\"\n";
    must(unfold(folded).starts_with("APP"), "an app is shown as one");
}

}  // namespace onemarket::fuzz
