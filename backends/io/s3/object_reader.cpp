// SPDX-License-Identifier: Apache-2.0
#include "backends/io/s3/object_reader.h"

namespace onemarket {

HttpReader::Open object_opener(std::shared_ptr<S3Bucket> bucket, std::string key) {
    return [bucket = std::move(bucket), key = std::move(key)](const HttpHeaders& headers,
                                                              Context& context) {
        return bucket->get(key, headers, context);
    };
}

std::unique_ptr<Reader> read_object(std::shared_ptr<S3Bucket> bucket, const std::string& key,
                                    const std::string& name, Context& context) {
    const RetryPolicy policy = bucket->policy();
    return std::make_unique<HttpReader>(name, object_opener(std::move(bucket), key), policy,
                                        context);
}

}  // namespace onemarket
