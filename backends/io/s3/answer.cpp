// SPDX-License-Identifier: Apache-2.0
#include "backends/io/s3/answer.h"

#include <array>

#include "backends/io/http_status.h"
#include "protocol/ascii.h"
#include "protocol/credentials.h"
#include "protocol/reply.h"

namespace onemarket {
namespace {

constexpr size_t kMaxMessage = 200;  // bytes of a service's own words
// What is parsed: a tree takes 23 times its text. A list of 1,000 keys of 1,024 bytes fits.
constexpr size_t kMaxDocument = size_t{4} << 20;
constexpr size_t kMaxErrorDocument = size_t{64} << 10;
constexpr std::string_view kNotS3 =
    "not that of an S3 service; is it a proxy's, or is ENDPOINT wrong?";

struct Meaning {
    std::string_view code;
    ErrorKind kind;
    bool transient;
    std::string_view words;  // empty: the service's own
};

// Codes that mean more than their status does.
constexpr std::array<Meaning, 22> kMeanings{{
    {"AccessDenied", ErrorKind::permission, false, "ACCESS_KEY_ID has no right to do this"},
    {"AccountProblem", ErrorKind::permission, false, ""},
    {"AuthorizationHeaderMalformed", ErrorKind::bad_request, false, "REGION is another there"},
    {"BadDigest", ErrorKind::corrupt, true, "other bytes came than were sent"},
    {"BucketAlreadyExists", ErrorKind::permission, false, "BUCKET belongs to somebody else"},
    {"EntityTooLarge", ErrorKind::limit, false, ""},
    {"ExpiredToken", ErrorKind::permission, false, "SESSION_TOKEN has expired"},
    {"InvalidAccessKeyId", ErrorKind::permission, false, "ACCESS_KEY_ID is unknown there"},
    {"InvalidBucketName", ErrorKind::bad_request, false, "BUCKET is no name for a bucket there"},
    {"InvalidToken", ErrorKind::permission, false, "SESSION_TOKEN is wrong or missing"},
    {"NoSuchBucket", ErrorKind::not_found, false, "the bucket does not exist"},
    {"NotImplemented", ErrorKind::unsupported, false, ""},
    {"OperationAborted", ErrorKind::unavailable, true, ""},
    {"PreconditionFailed", ErrorKind::corrupt, false, "it is another object than before"},
    {"QuotaExceeded", ErrorKind::no_space, false, "the quota is used up"},
    // A clock is put right, and the key was never wrong.
    {"RequestTimeTooSkewed", ErrorKind::unavailable, false, ""},
    {"RequestTimeout", ErrorKind::unavailable, true, ""},
    {"SignatureDoesNotMatch", ErrorKind::permission, false,
     "SECRET_ACCESS_KEY does not belong to ACCESS_KEY_ID"},
    {"SlowDown", ErrorKind::unavailable, true, "too many requests for the service"},
    {"TooManyBuckets", ErrorKind::no_space, false, ""},
    {"UserSuspended", ErrorKind::permission, false, "the owner of ACCESS_KEY_ID is suspended"},
    {"XAmzContentSHA256Mismatch", ErrorKind::corrupt, true,
     "the bytes changed after they were hashed"},
}};

Meaning meaning_of(int status, const std::string& code) {
    for (const Meaning& meaning : kMeanings)
        if (meaning.code == code) return meaning;
    if (status == 507) return {code, ErrorKind::no_space, false, ""};
    if (status == 501 || status == 505) return {code, ErrorKind::unsupported, false, ""};
    if (status >= 500 || status == 429) return {code, ErrorKind::unavailable, true, ""};
    if (status == 401 || status == 403) return {code, ErrorKind::permission, false, ""};
    if (status == 404) return {code, ErrorKind::not_found, false, ""};
    if (status == 407) return {code, ErrorKind::permission, false, "the proxy wants credentials"};
    if (status >= 300 && status < 400)
        return {code, ErrorKind::unavailable, false, "redirected once too often"};
    if (status >= 400) return {code, ErrorKind::bad_request, false, ""};
    // An error in the body of a success: S3 began to answer before the work was done.
    return {code, ErrorKind::unavailable, code == "InternalError" || code.empty(), ""};
}

// A service may repeat what it was sent. Cut, or with its blanks made otherwise, it would not be
// known for a secret.
std::string tellable(std::string_view said, const S3Target& target) {
    std::string text = one_line(said, said.size());
    for (const Secret& secret : {target.credentials.secret_key, target.credentials.session_token})
        text = without_secret(text, secret.reveal());
    return one_line(text, kMaxMessage);
}

bool is_success(const HttpResponse& response) {
    return response.status >= 200 && response.status < 300;
}

std::string skew_in_words(const HttpResponse& response, std::chrono::system_clock::time_point now) {
    const auto there = date_in(response, "date");
    if (!there) return "the clocks of this host and of the service differ";
    const int64_t ahead = std::chrono::system_clock::to_time_t(now) - *there;
    return "this host's clock is " + std::to_string(std::abs(ahead)) + " s " +
           (ahead > 0 ? "ahead of" : "behind") + " the service's";
}

// What was asked for, as "PUT http://host/bucket/key: ".
std::string subject(const S3Target& target, const S3Request& request) {
    return request.method + " " + target.endpoint.scheme + "://" + target.host() +
           target.path(request.key) + ": ";
}

std::optional<XmlDocument> parse(const HttpResponse& response, std::string_view root, size_t most) {
    // S3 sends white space to keep a connection while it works.
    const std::string_view text = ascii::trim(response.body);
    if (text.empty() || text.size() > most) return std::nullopt;
    Result<XmlDocument> document = XmlDocument::parse(text, root);
    if (!document) return std::nullopt;
    return std::move(*document);
}

}  // namespace

S3Answer::S3Answer(HttpResponse response, const std::string& root) : http_(std::move(response)) {
    if (is_success(http_) && !root.empty()) xml_ = parse(http_, root, kMaxDocument);
    if (!xml_) error_ = parse(http_, "Error", kMaxErrorDocument);
    // A page of somebody else's is no success of an operation that has nothing to say.
    complete_ = root.empty() ? ascii::trim(http_.body).empty() : xml_.has_value();
}

std::string S3Answer::error_field(std::string_view name) const {
    return error_ ? std::string(ascii::trim(error_->text(name).value_or(""))) : "";
}

const XmlDocument& S3Answer::xml() const {
    if (!xml_) throw Error(ErrorKind::internal, "an S3 answer without a document");
    return *xml_;
}

std::optional<S3Error> S3Answer::fault(const S3Target& target, const S3Request& request,
                                       std::chrono::system_clock::time_point now) const {
    const std::string code = tellable(error_field("Code"), target);
    if (is_success(http_) && complete_ && code.empty()) return std::nullopt;

    const Meaning meaning = meaning_of(http_.status, code);
    std::string text = subject(target, request);
    if (is_success(http_) && code.empty())
        text += "the answer is cut off, or " + std::string(kNotS3);
    else
        text += in_words(target, request, code, meaning.words, now);
    // A refusal in S3's words is one; whatever else answers may stand behind a service that obeyed.
    const bool refused = !code.empty() && http_.status >= 300 && http_.status < 500;
    return S3Error(meaning.kind, text,
                   {code, meaning.transient, !refused, retry_after(http_, now)});
}

// A service names the failure; whatever else answers does not.
std::string S3Answer::in_words(const S3Target& target, const S3Request& request,
                               std::string_view code, std::string_view words,
                               std::chrono::system_clock::time_point now) const {
    std::string text = std::to_string(http_.status);
    const auto because = [&](std::string_view reason) {
        return reason.empty() ? text : text + ": " + std::string(reason);
    };
    if (code.empty()) {
        if (request.method == "HEAD" || http_.status == 407 || http_.body.empty())
            return words.empty() ? text : text + " " + std::string(words);
        return because("the answer is " + std::string(kNotS3));
    }
    text += " " + std::string(code);
    if (code == "RequestTimeTooSkewed") return because(skew_in_words(http_, now));
    if (!words.empty()) return because(words);
    return because(tellable(error_field("Message"), target));
}

}  // namespace onemarket
