// SPDX-License-Identifier: Apache-2.0
// What an S3 service's answer means. Source: "Error responses" in the Amazon S3 API Reference.
#pragma once

#include <optional>

#include "backends/io/s3/connection.h"
#include "protocol/xml.h"

namespace onemarket {

// The error an answer to this request holds; nothing when it is what was asked for: a status of
// success and, where the request names one, XML with that root. `now` is this host's time.
std::optional<S3Error> s3_fault(const S3Target& target, const S3Request& request,
                                const HttpResponse& response,
                                std::chrono::system_clock::time_point now);

// A field of an error answer, as "Code" or "Region"; empty where there is none.
std::string s3_error_field(const HttpResponse& response, std::string_view name);

// An answer that s3_fault has found well.
XmlDocument s3_xml(const S3Request& request, const HttpResponse& response);

}  // namespace onemarket
