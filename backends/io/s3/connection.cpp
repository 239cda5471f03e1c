// SPDX-License-Identifier: Apache-2.0
#include "backends/io/s3/connection.h"

#include "backends/io/digest.h"
#include "backends/io/s3/answer.h"
#include "protocol/hex.h"

namespace onemarket {
namespace {

S3Error as_s3_error(const HttpFault& fault) {
    return {fault.kind(),
            std::string("ENDPOINT ") + fault.what(),
            {"", fault.transient(), fault.sent(), std::chrono::seconds(0)}};
}

S3Answer whole(HttpStream& stream, const std::string& root) {
    try {
        return {stream.whole(), root};
    } catch (const HttpFault& fault) {
        throw as_s3_error(fault);
    }
}

bool has_object(const HttpStream& stream) {
    return stream.head().status == 200 || stream.head().status == 206;
}

}  // namespace

bool pause_before_repeating(const S3Error& error, Backoff& backoff, Context& context) {
    return pause_before_retry(error.what(), error.retry_after(), backoff, context);
}

S3Connection::Place S3Connection::place_of(const S3Request& request) const {
    const std::string host = target_.host();
    return {target_.endpoint.scheme + "://" + host, host, target_.path(request.key)};
}

std::unique_ptr<HttpStream> S3Connection::perform(const S3Request& request, const Place& place,
                                                  Context& context) {
    const auto now = std::chrono::system_clock::now();
    SigV4Request to_sign{request.method, place.path, request.query, request.headers,
                         request.payload_hash};
    if (to_sign.payload_hash.empty()) to_sign.payload_hash = to_hex(sha256(""));
    HttpHeaders& headers = to_sign.headers;
    headers.emplace_back("host", place.host);
    headers.emplace_back("x-amz-content-sha256", to_sign.payload_hash);
    headers.emplace_back("x-amz-date", amz_date(now));
    const S3Credentials& credentials = target_.credentials;
    if (!credentials.session_token.empty())
        headers.emplace_back("x-amz-security-token", credentials.session_token.reveal());
    const std::string signature = authorization(to_sign, {now, target_.region, "s3"}, credentials);
    headers.emplace_back("authorization", signature);

    const std::string query = canonical_query(request.query);
    HttpRequest http{
        request.method,      place.origin + place.path + (query.empty() ? "" : "?" + query),
        std::move(headers),  request.body,
        request.stall_limit, request.repeatable};
    try {
        return client_.open(http, context);
    } catch (const HttpFault& fault) {
        throw as_s3_error(fault);
    }
}

bool S3Connection::redirected(const S3Request& request, const S3Answer& answer, Place& place) {
    const HttpResponse& response = answer.http();
    const bool moved = response.status >= 301 && response.status <= 308 && response.status != 304;
    const bool other_region = answer.error_field("Code") == "AuthorizationHeaderMalformed";
    if (!moved && !other_region) return false;

    std::string region(response.header("x-amz-bucket-region"));
    if (region.empty()) region = answer.error_field("Region");
    bool learned = false;
    if (is_region_name(region) && region != target_.region) {
        if (target_.endpoint.host == aws_host(target_.region))
            target_.endpoint.host = aws_host(region);
        target_.region = region;
        place = place_of(request);
        learned = true;
    }
    const std::string location(response.header("location"));
    const Result<Url> url = parse_url(location.substr(0, location.find('?')));
    if (moved && url && (target_.endpoint.scheme == "http" || url->scheme == "https")) {
        place = {url->origin(), url->authority(), url->path.empty() ? "/" : url->path};
        learned = true;
    }
    return learned;
}

// One attempt, redirected once. The stream of an object goes to `object`, where that is wanted; any
// other answer is read to its end.
std::optional<S3Answer> S3Connection::converse(const S3Request& request,
                                               std::unique_ptr<HttpStream>* object,
                                               Context& context) {
    Place place = place_of(request);
    for (bool may_follow = true;; may_follow = false) {
        std::unique_ptr<HttpStream> stream = perform(request, place, context);
        if (object != nullptr && has_object(*stream)) {
            *object = std::move(stream);
            return std::nullopt;
        }
        S3Answer given = whole(*stream, request.answer);
        stream.reset();
        if (may_follow && redirected(request, given, place)) continue;
        if (auto fault = given.fault(target_, request, std::chrono::system_clock::now()))
            throw S3Error(*fault);
        return given;
    }
}

S3Answer S3Connection::send_once(const S3Request& request, Context& context) {
    return std::move(*converse(request, nullptr, context));
}

std::unique_ptr<HttpStream> S3Connection::open_once(const S3Request& request, Context& context) {
    std::unique_ptr<HttpStream> object;
    converse(request, &object, context);
    if (object) return object;
    throw S3Error(ErrorKind::unavailable,
                  "ENDPOINT " + place_of(request).origin + ": an answer without an object", {});
}

template <class Attempt>
auto S3Connection::repeat(const Attempt& attempt, Context& context) {
    Backoff backoff(policy_);
    repeated_ = false;
    std::string reason;
    while (true) {
        try {
            return attempt();
        } catch (const S3Error& error) {
            if (!error.transient() || !pause_before_repeating(error, backoff, context)) throw;
            reason = error.what();
        } catch (const Error& error) {
            // The time is up; what it was spent on is what an administrator has to know.
            if (error.kind() != ErrorKind::timeout || reason.empty()) throw;
            throw Error(ErrorKind::timeout, error.what() + ("; the try before: " + reason));
        }
        repeated_ = true;
    }
}

S3Answer S3Connection::send(const S3Request& request, Context& context) {
    return repeat([&] { return send_once(request, context); }, context);
}

std::unique_ptr<HttpStream> S3Connection::open(const S3Request& request, Context& context) {
    return repeat([&] { return open_once(request, context); }, context);
}

}  // namespace onemarket
