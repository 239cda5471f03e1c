// SPDX-License-Identifier: Apache-2.0
// An object's bytes, from begin to end.
#pragma once

#include <memory>
#include <string>

#include "backends/io/http_reader.h"
#include "backends/io/s3/bucket.h"
#include "backends/io/stream.h"

namespace onemarket {

// How an HttpReader asks for an object; keeps the bucket.
HttpReader::Open object_opener(std::shared_ptr<S3Bucket> bucket, std::string key);

// `name` begins errors. Opens it; throws S3Error where it is not to be had. Broken off, it is taken
// up again (http_reader.h). `context` must outlive the reader.
std::unique_ptr<Reader> read_object(std::shared_ptr<S3Bucket> bucket, const std::string& key,
                                    const std::string& name, Context& context);

}  // namespace onemarket
