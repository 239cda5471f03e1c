// SPDX-License-Identifier: Apache-2.0
// What an S3 service's answer means. Source: "Error responses" in the Amazon S3 API Reference.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "backends/io/s3/connection.h"
#include "protocol/xml.h"

namespace onemarket {

// An answer, read once.
class S3Answer {
  public:
    // `root`: the root element of the XML that was asked for; empty where none was.
    S3Answer(HttpResponse response, const std::string& root);

    const HttpResponse& http() const { return http_; }

    // A field of an error's document, as "Code" or "Region"; empty where there is none.
    std::string error_field(std::string_view name) const;

    // The XML that was asked for. Throws Error (internal) where there is none: fault() tells.
    const XmlDocument& xml() const;

    // The error the answer to this request is; nothing when it is what was asked for: a status of
    // success and, where a root was named, XML with that root. `now` is this host's time.
    std::optional<S3Error> fault(const S3Target& target, const S3Request& request,
                                 std::chrono::system_clock::time_point now) const;

  private:
    std::string in_words(const S3Target& target, const S3Request& request, std::string_view code,
                         std::string_view words, std::chrono::system_clock::time_point now) const;

    HttpResponse http_;
    std::optional<XmlDocument> xml_, error_;
    bool complete_ = true;  // nothing was asked for that is not there
};

}  // namespace onemarket
