// SPDX-License-Identifier: Apache-2.0
// The head of an HTTP answer. Parts of an input: the status and its words, then names and values
// of headers by turns.
#include "backends/io/http_reader.h"
#include "backends/io/http_status.h"
#include "protocol/ascii.h"
#include "tests/fuzz/fuzz.h"

namespace onemarket::fuzz {
namespace {

using std::chrono::seconds;
using std::chrono::system_clock;

constexpr seconds kDay{86'400};

}  // namespace

void one_input(std::string_view input) {
    const auto parts = parts_of(input, 2);
    HttpResponse head;
    head.status = ascii::parse_number<int>(parts[0]).value_or(206);
    head.reason = parts[1];
    for (size_t i = 2; i + 1 < parts.size(); i += 2)
        head.headers.emplace_back(ascii::to_lower(parts[i]), parts[i + 1]);

    must(is_one_line(status_in_words(head)), "a status in words is one line");
    const system_clock::time_point now{seconds(1'780'000'000)};
    const seconds wait = retry_after(head, now);
    must(wait >= seconds(0) && wait <= kDay, "there is an end of waiting");

    const HttpVersion version = HttpVersion::of(head);
    must(!version.size || *version.size <= uint64_t{1} << 63, "a length is one that can be");
    must(version.is_confirmed_by(version) || version.weak, "a version is itself");
    HttpVersion other = version;
    other.tag += "x";
    must(version.condition().empty() || version.weak || version.tag.empty() ||
             !version.is_confirmed_by(other),
         "a version is no other");

    for (const std::string url : {"https://a.example/x?signature=1", "http://a.example/x"}) {
        const Result<std::string> next = redirected_to(url, head);
        if (!next) {
            must(is_one_line(next.reason()), "a reason is one line");
            continue;
        }
        must(next->starts_with("https://") || (next->starts_with("http://") && url[4] == ':'),
             "a redirection leads from https to https");
        must(is_one_line(*next), "a redirection is one line");
    }
}

}  // namespace onemarket::fuzz
