// SPDX-License-Identifier: Apache-2.0
// An image over HTTP from a server that changes it, breaks off, and knows more or less of ranges
// and conditions: what is read to the end is one version of it, and all of that. Each byte of an
// input says how a request is served.
#include "backends/io/http_reader.h"

#include "protocol/ascii.h"
#include "tests/fuzz/canned_http.h"
#include "tests/fuzz/fuzz.h"

namespace onemarket::fuzz {
namespace {

// Of different lengths, or of the same.
const std::string kVersions[] = {std::string(300, 'a') + "end", std::string(300, 'b') + "end",
                                 std::string(100, 'c')};
constexpr const char* kTags[] = {"\"one\"", "\"two\"", "\"three\""};

std::string header(const HttpRequest& request, std::string_view name) {
    for (const auto& [known, value] : request.headers)
        if (known == name) return value;
    return "";
}

// How the server is at a request.
struct Mood {
    unsigned version = 0;     // that it has now
    bool ignores_if = false;  // conditions
    bool ignores_range = false;
    bool weak = false;  // its tags
    bool short_range = false;
    unsigned breaks_after = 0;  // sixteenths of what it gives; 15: not at all

    explicit Mood(std::string_view bytes)
        : version(static_cast<unsigned char>(bytes[0]) % 3),
          ignores_if((bytes[0] & 0x10) != 0),
          ignores_range((bytes[0] & 0x20) != 0),
          weak((bytes[0] & 0x40) != 0),
          short_range((bytes[0] & 0x80) != 0),
          breaks_after(static_cast<unsigned char>(bytes[1]) % 16) {}
};

CannedAnswer answer_to(const HttpRequest& request, const Mood& mood) {
    const std::string& bytes = kVersions[mood.version];
    const std::string tag = (mood.weak ? "W/" : "") + std::string(kTags[mood.version]);
    CannedAnswer answer{{200, "OK", {{"etag", tag}}, ""}, bytes, false, mood.breaks_after};
    const std::string condition = header(request, "if-match");
    if (!condition.empty() && condition != tag && !mood.ignores_if) {
        answer.head.status = 412;
        answer.body.clear();
        return answer;
    }
    std::string range = header(request, "range");
    if (!range.empty() && !mood.ignores_range) {
        const std::string first = range.substr(6, range.find('-') - 6);
        const auto from = ascii::parse_number<size_t>(first).value_or(0);
        if (from >= bytes.size()) return {{416, "No", {}, ""}, "", false, 0};
        answer.head.status = 206;
        answer.body = bytes.substr(
            from, mood.short_range ? (bytes.size() - from) / 2 + 1 : std::string::npos);
        answer.head.headers.emplace_back("content-range",
                                         "bytes " + first + "-" +
                                             std::to_string(from + answer.body.size() - 1) + "/" +
                                             std::to_string(bytes.size()));
    }
    answer.head.headers.emplace_back("content-length", std::to_string(answer.body.size()));
    if (mood.breaks_after < 15) {
        answer.breaks = true;
        answer.body.resize(answer.body.size() * mood.breaks_after / 16);
    }
    return answer;
}

}  // namespace

void one_input(std::string_view input) {
    size_t next = 0;
    serve([&](const HttpRequest& request) -> std::optional<CannedAnswer> {
        if (next + 2 > input.size()) return std::nullopt;
        next += 2;
        return answer_to(request, Mood(input.substr(next - 2, 2)));
    });
    static const HttpSettings settings;
    HttpClient client(settings);
    const auto open = [&](const HttpHeaders& headers, Context& context) {
        HttpRequest request;
        request.method = "GET";
        request.url = "http://server.example/image";
        request.headers = headers;
        auto stream = client.open(request, context);
        if (stream->head().status != 200 && stream->head().status != 206)
            throw Error(ErrorKind::corrupt, "another answer");
        return stream;
    };
    RetryPolicy policy;
    policy.base = policy.longest = std::chrono::milliseconds(0);
    FuzzContext context;
    HttpReader reader("image", open, policy, context);
    std::string bytes;
    std::vector<std::byte> buffer(64);
    while (const uint64_t size = reader.read(buffer, context).size)
        bytes.append(reinterpret_cast<const char*>(buffer.data()), size);
    must(bytes == kVersions[0] || bytes == kVersions[1] || bytes == kVersions[2],
         "what is read to the end is one version, and all of it");
}

}  // namespace onemarket::fuzz
