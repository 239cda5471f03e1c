// SPDX-License-Identifier: Apache-2.0
// What an S3 service does with a request, in memory. Source: Amazon S3 API Reference.
#pragma once

#include <string>

#include "tests/support/s3_server.h"

namespace onemarket::test {

struct WireResponse {
    int status = 200;
    std::map<std::string, std::string> headers = {};
    std::string body = {};
};

// A request with what it means.
struct S3Call {
    std::string operation;  // empty: none that is known
    std::string bucket, key;
    std::map<std::string, std::string> query;  // decoded
};

// `base_path` stands before the bucket; a host that ends in .localhost begins with it.
S3Call understand(const WireRequest& request, const std::string& base_path);

WireResponse s3_error(int status, const std::string& code, const std::string& more = "");

// Not thread-safe.
class S3Store {
  public:
    explicit S3Store(size_t page) : page_(page) {}

    // `forget_last_part`: a completion makes an object without it.
    WireResponse handle(const S3Call& call, const WireRequest& request, bool forget_last_part);

    struct Upload {
        std::string key;
        std::map<std::string, std::string> headers;
        std::map<int, std::string> parts = {};
    };
    struct Bucket {
        std::map<std::string, S3Server::Object> objects;
        std::map<std::string, Upload> uploads;  // by id
    };
    std::map<std::string, Bucket> buckets;

  private:
    WireResponse of_bucket(const S3Call& call, const Bucket& bucket) const;
    WireResponse of_object(const S3Call& call, const WireRequest& request, Bucket& bucket);
    WireResponse of_upload(const S3Call& call, const WireRequest& request, Bucket& bucket,
                           bool forget_last_part);
    WireResponse list(const S3Call& call, const Bucket& bucket) const;

    size_t page_;
    int next_upload_ = 1;
};

}  // namespace onemarket::test
