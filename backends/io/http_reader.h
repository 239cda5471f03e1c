// SPDX-License-Identifier: Apache-2.0
// An image that comes over HTTP: taken up again where the connection broke, and known to be whole
// (range requests with preconditions, RFC 9110, 13 and 14).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "backends/io/backoff.h"
#include "backends/io/http_client.h"
#include "backends/io/stream.h"

namespace onemarket {

// Every Error but those of the context begins with the image's name.
class HttpReader : public Reader {
  public:
    // Asks for the image, with these headers besides; gives an answer of status 200 or 206. Throws
    // Error when it is no use to ask again. What it refers to must outlive the reader.
    using Open =
        std::function<std::unique_ptr<HttpStream>(const HttpHeaders& headers, Context& context)>;

    // Opens it. `context` must outlive this, and be that of read(). An answer that tells neither
    // its length nor its end is refused: it could be cut off unseen.
    HttpReader(std::string name, Open open, const RetryPolicy& policy, Context& context);

    Piece read(std::span<std::byte> buffer, Context& context) override;
    uint64_t allocated() const override { return size_.value_or(0); }

  private:
    void resume(const std::string& reason, Context& context);
    void check_rest();
    bool is_same_version(const HttpResponse& head) const;
    [[noreturn]] void fail(ErrorKind kind, const std::string& reason) const;
    std::string progress() const;

    std::string name_;
    Open open_;
    RetryPolicy policy_;
    Backoff backoff_{policy_};
    std::unique_ptr<HttpStream> stream_;  // goes before what open_ holds
    std::optional<uint64_t> size_;        // bytes of the whole; nothing: not known yet
    std::string etag_, last_modified_;    // which version it is, as the server says
    uint64_t offset_ = 0;                 // of the next byte
    uint64_t to_skip_ = 0;                // bytes of the stream that were read before
    uint64_t last_break_ = 0;             // where it broke
};

}  // namespace onemarket
