// SPDX-License-Identifier: Apache-2.0
// Requests to an S3 service: signed, sent to where the service wants them, tried again where that
// may help, and their failures in words an administrator can act on.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "backends/io/backoff.h"
#include "backends/io/http_client.h"
#include "backends/io/s3/settings.h"

namespace onemarket {

struct S3Request {
    std::string method;
    std::string key;  // empty: the bucket itself
    Query query;
    HttpHeaders headers;  // names in lower case
    HttpBody body;
    std::string payload_hash;  // lower-case hex SHA-256 of the body; empty where there is none
    // The root element a successful answer's XML has; empty: its body does not matter.
    std::string answer;
    std::chrono::seconds stall_limit{0};  // where it is not that of the settings
    // Whether doing it twice comes to the same, so that nobody need know of it.
    bool repeatable = true;
};

// What the service said, or that it said nothing.
class S3Error : public Error {
  public:
    struct Facts {
        std::string code;        // S3's word, as NoSuchBucket; empty where there was none
        bool transient = false;  // another time it may go well
        bool uncertain = false;  // the service may have done it all the same
        std::chrono::seconds retry_after{0};
    };
    S3Error(ErrorKind kind, const std::string& message, Facts facts)
        : Error(kind, message), facts_(std::move(facts)) {}

    const std::string& code() const { return facts_.code; }
    bool transient() const { return facts_.transient; }
    bool uncertain() const { return facts_.uncertain; }
    std::chrono::seconds retry_after() const { return facts_.retry_after; }

  private:
    Facts facts_;
};

class S3Answer;

// Waits before a request that failed so is sent again, and says so in the log. False when that is
// no use: no attempt is left, or the deadline is nearer.
bool pause_before_repeating(const S3Error& error, Backoff& backoff, Context& context);

// Not thread-safe; `http` must outlive it.
class S3Connection {
  public:
    S3Connection(S3Target target, const HttpSettings& http, const RetryPolicy& policy)
        : target_(std::move(target)), policy_(policy), client_(http) {}

    // Sends until there is a good answer. Throws S3Error when it is no use to go on, Error
    // (cancelled, timeout) from the context, and what the body's bytes throw.
    S3Answer send(const S3Request& request, Context& context);

    // The same without a second attempt. A redirection, to another host or region, is followed
    // once.
    S3Answer send_once(const S3Request& request, Context& context);

    // The same for a GET whose answer is read as it comes: of status 200 or 206.
    std::unique_ptr<HttpStream> open(const S3Request& request, Context& context);

    // Whether the last send() took more than one attempt, so that the service may have done twice
    // what was asked.
    bool repeated() const { return repeated_; }

    // With what redirections have taught.
    const S3Target& target() const { return target_; }
    const RetryPolicy& policy() const { return policy_; }

  private:
    // Where a request goes; `path` with the bucket, percent-encoded.
    struct Place {
        std::string origin, host, path;
    };
    Place place_of(const S3Request& request) const;
    std::unique_ptr<HttpStream> perform(const S3Request& request, const Place& place,
                                        Context& context);
    std::optional<S3Answer> converse(const S3Request& request, std::unique_ptr<HttpStream>* object,
                                     Context& context);
    std::unique_ptr<HttpStream> open_once(const S3Request& request, Context& context);
    template <class Attempt>
    auto repeat(const Attempt& attempt, Context& context);
    // Where else the request should go; false where the answer does not say.
    bool redirected(const S3Request& request, const S3Answer& answer, Place& place);

    S3Target target_;
    RetryPolicy policy_;
    HttpClient client_;
    bool repeated_ = false;
};

}  // namespace onemarket
