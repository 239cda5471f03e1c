// SPDX-License-Identifier: Apache-2.0
#include "backends/sources/s3.h"

#include "backends/io/s3/object_reader.h"
#include "backends/io/sparse_reader.h"

namespace onemarket {

std::unique_ptr<Reader> S3Source::open(Context& context) {
    const auto bucket = std::make_shared<S3Bucket>(target_, site_.http, site_.retries);
    return std::make_unique<SparseReader>(read_object(bucket, key_, facts().location, context));
}

}  // namespace onemarket
