// SPDX-License-Identifier: Apache-2.0
#include "backends/sources/s3.h"

#include "backends/io/http_parts.h"
#include "backends/io/s3/object_reader.h"
#include "backends/io/sparse_reader.h"

namespace onemarket {

std::unique_ptr<Reader> S3Source::open(Context& context) {
    const auto connect = [target = target_, key = key_, &site = site_](const RetryPolicy& retries) {
        return object_opener(std::make_shared<S3Bucket>(target, site.http, retries), key);
    };
    return std::make_unique<SparseReader>(
        open_http(facts().location, connect, site_.retries, site_.source_connections, context));
}

}  // namespace onemarket
