// SPDX-License-Identifier: Apache-2.0
// What an S3 service answers. Parts of an input: what is asked for; then of each answer its status,
// its headers, and its document.
#include "backends/io/s3/answer.h"
#include "backends/io/s3/bucket.h"
#include "backends/io/s3/etag.h"
#include "backends/io/s3/part_plan.h"
#include "protocol/ascii.h"
#include "tests/fuzz/canned_http.h"
#include "tests/fuzz/fuzz.h"

namespace onemarket::fuzz {
namespace {

const std::string kKey = "marketapp-5";
const std::string kSecret = "a secret that nobody guesses";

S3Target target() {
    S3Target target;
    target.endpoint = *parse_url("http://s3.example:7480");
    target.path_style = true;
    target.region = "default";
    target.bucket = "bucket";
    target.credentials = {"key", Secret(kSecret), {}};
    return target;
}

HttpHeaders headers_of(std::string_view lines) {
    HttpHeaders headers;
    for (const std::string_view line : ascii::split(lines, "\r\n")) {
        const size_t colon = std::min(line.find(':'), line.size());
        headers.emplace_back(ascii::to_lower(line.substr(0, colon)),
                             ascii::trim(line.substr(std::min(colon + 1, line.size()))));
    }
    return headers;
}

void check_objects(S3Bucket& bucket, Context& context) {
    std::string last;
    bucket.each_object(
        "marketapp-", 10,
        [&](const S3Bucket::Object& object) {
            must(object.key.starts_with("marketapp-"), "an object is one that was asked for");
            must(object.key > last, "no object comes twice");
            must(object.size <= kS3MaxObject, "an object is no larger than can be");
            last = object.key;
        },
        context);
}

void check_parts(S3Bucket& bucket, Context& context) {
    const auto parts = bucket.parts_of(kKey, "upload", context);
    if (!parts) return;
    std::map<uint64_t, std::string> etags;
    for (const auto& [number, part] : *parts) etags[number] = part.etag;
    const std::string etag = etag_of_parts(etags);
    must(etag.empty() || is_etag_of_md5(etag, etags.size()), "an ETag of parts is one");
}

void ask(char what, S3Bucket& bucket, Context& context) {
    switch (what) {
        case 'l':
            return check_objects(bucket, context);
        case 'p':
            return check_parts(bucket, context);
        case 'u':
            for (const S3Bucket::Upload& upload : bucket.uploads("marketapp-", context))
                must(upload.key.starts_with("marketapp-") && !upload.id.empty(),
                     "an upload is one that was asked for");
            return;
        case 'k':
            for (const std::string& id : bucket.uploads_of(kKey, context))
                must(!id.empty(), "an upload has an id");
            return;
        case 't':
            bucket.tags(kKey, context);
            return;
        case 'h':
            bucket.head(kKey, context);
            return;
        case 'c':
            bucket.contains(kKey, context);
            return;
        case 'd':
            return bucket.remove(kKey, context);
        case 'b': {
            bool repeated = false;
            const std::string id = bucket.begin_upload(kKey, {}, repeated, context);
            must(!id.empty() && id.size() <= 4096 && !repeated, "an upload has an id");
            return;
        }
        default:
            bucket.complete_upload(kKey, "upload", {"an etag"}, context);
    }
}

}  // namespace

void one_input(std::string_view input) {
    const auto parts = parts_of(input, 4);
    size_t next = 1;
    serve([&](const HttpRequest&) -> std::optional<CannedAnswer> {
        if (next + 2 >= parts.size()) return std::nullopt;
        CannedAnswer answer;
        answer.head.status = ascii::parse_number<int>(parts[next]).value_or(200);
        answer.head.headers = headers_of(parts[next + 1]);
        answer.body = parts[next + 2];
        next += 3;
        return answer;
    });
    RetryPolicy once;
    once.attempts = 1;
    static const HttpSettings http;
    S3Bucket bucket(target(), http, once);
    FuzzContext context;
    try {
        ask(parts[0].empty() ? 'l' : parts[0].front(), bucket, context);
    } catch (const Error& error) {
        const std::string_view text = error.what();
        must(text.find(kSecret) == std::string_view::npos, "no secret is told");
        must(error.kind() != ErrorKind::internal, "an answer is no defect of the driver");
    }
}

}  // namespace onemarket::fuzz
