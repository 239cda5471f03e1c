// SPDX-License-Identifier: Apache-2.0
#include "backends/io/s3/object_reader.h"

#include "backends/io/http_reader.h"

namespace onemarket {

std::unique_ptr<Reader> read_object(std::shared_ptr<S3Bucket> bucket, const std::string& key,
                                    const std::string& name, Context& context) {
    const RetryPolicy policy = bucket->policy();
    return std::make_unique<HttpReader>(
        name,
        [bucket = std::move(bucket), key](const HttpHeaders& headers, Context& ours) {
            return bucket->get(key, headers, ours);
        },
        policy, context);
}

}  // namespace onemarket
