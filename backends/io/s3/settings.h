// SPDX-License-Identifier: Apache-2.0
// What a template says of an S3 service: where it is, who asks and, a marketplace's, how images are
// kept in it. docs/markets/s3.md describes the attributes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "backends/io/s3/sigv4.h"
#include "backends/io/url.h"
#include "protocol/driver_message.h"

namespace onemarket {

// A bucket, and how to speak to it.
struct S3Target {
    Url endpoint;             // of the service, without the bucket
    bool path_style = false;  // the bucket is in the path, not in the host's name
    bool aws = false;         // Amazon's own service
    std::string region;
    std::string bucket;
    S3Credentials credentials;

    // The host a request for the bucket goes to, as in the header Host.
    std::string host() const;
    // The percent-encoded path of a key there; of the bucket itself where `key` is empty.
    std::string path(const std::string& key) const;
};

struct S3Settings {
    S3Target target;
    std::string app_prefix;
    uint64_t part_bytes = 0;  // at least what S3 takes for a part
    uint64_t total_mb = 0;    // the marketplace's capacity, as its administrator declares it

    // The one key an app's object has: <APP_PREFIX>-<id>.
    std::string key_of(ObjectId app) const;
    // What all of them begin with.
    std::string key_prefix() const { return app_prefix + "-"; }
    // A key for what only tries the bucket, and whether a key is one.
    std::string probe_key(std::string_view mark) const;
    bool is_probe(std::string_view key) const;
    // The address an importer is given: s3://BUCKET/KEY.
    std::string source_of(const std::string& key) const;
};

// The host of Amazon's service in a region.
std::string aws_host(const std::string& region);

// True for what may be a region: letters, digits, - and _.
bool is_region_name(std::string_view text);

// True for what may be a bucket, there or with Ceph.
bool is_bucket_name(std::string_view text);

// Whether the template of that element of the message ("MARKETPLACE", "DATASTORE") has credentials
// for such a service.
bool describes_s3(const DriverMessage& message, std::string_view owner);

// A bucket of the service described there. Throws Error (bad_request) that names the attribute.
S3Target s3_target(const DriverMessage& message, std::string_view owner, std::string bucket);

// The marketplace's. Throws the same.
S3Settings s3_settings(const DriverMessage& message);

}  // namespace onemarket
