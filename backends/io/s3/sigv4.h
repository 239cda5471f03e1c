// SPDX-License-Identifier: Apache-2.0
// AWS Signature Version 4, as a pure function. Source: AWS, "Authenticating Requests (AWS
// Signature Version 4)" in the Amazon S3 API Reference; the tests have its examples.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backends/io/url.h"
#include "protocol/secret.h"

namespace onemarket {

struct S3Credentials {
    std::string access_key;
    Secret secret_key;
    Secret session_token;  // empty: none
};

// What of a request is signed.
struct SigV4Request {
    std::string method;
    std::string path;  // percent-encoded once, as it is sent; at least "/"
    Query query;
    // All that are signed, with lower-case names: host, and every x-amz-*.
    std::vector<std::pair<std::string, std::string>> headers;
    std::string payload_hash;  // lower-case hex SHA-256 of the body
};

// What a signature is good for.
struct SigV4Scope {
    std::chrono::system_clock::time_point time;
    std::string region;
    std::string service = "s3";
};

// "20130524T000000Z": the value of the header x-amz-date.
std::string amz_date(std::chrono::system_clock::time_point time);

// The query as it is signed and must be sent: encoded, sorted, every name with its `=`.
std::string canonical_query(const Query& query);

// The two texts on the way, for tests and for whoever compares them with a server's.
std::string canonical_request(const SigV4Request& request);
std::string string_to_sign(const SigV4Request& request, const SigV4Scope& scope);

// The value of the header Authorization.
std::string authorization(const SigV4Request& request, const SigV4Scope& scope,
                          const S3Credentials& credentials);

}  // namespace onemarket
