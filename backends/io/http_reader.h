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

// Which version of a document it is, as its server says, and how long.
struct HttpVersion {
    std::optional<uint64_t> size;  // bytes of the whole; nothing: not known yet
    std::string tag;               // of ETag, strong or weak, without the mark of the latter
    bool weak = false;             // what it stands for may differ in its bytes
    std::string last_modified;     // may be empty
    bool settled = false;          // ... and tells it from any other

    // What an answer says of it, be it of status 200 or 206.
    static HttpVersion of(const HttpResponse& head);
    // That a part asked for later must be of this version. Empty where the server does not say, or
    // says what may be true of another one.
    HttpHeaders condition() const;
    // Whether an answer to that is: it says so by what was asked with, and nothing it says is
    // another. A server that ignores conditions is not believed.
    bool is_confirmed_by(const HttpVersion& now) const;
};

// Every Error but those of the context begins with the image's name.
class HttpReader : public Reader {
  public:
    // Asks for the image, with these headers besides; gives an answer of status 200 or 206. Throws
    // Error when it is no use to ask again. What it refers to must outlive the reader.
    using Open =
        std::function<std::unique_ptr<HttpStream>(const HttpHeaders& headers, Context& context)>;

    // Opens it, or takes the answer that is there already. `context` must outlive this, and be that
    // of read(). An answer that tells neither its length nor its end is refused: it could be cut
    // off unseen.
    HttpReader(std::string name, Open open, const RetryPolicy& policy, Context& context,
               std::unique_ptr<HttpStream> stream = nullptr);

    // Opens the bytes from `first` up to `end` of a version that is known.
    HttpReader(std::string name, Open open, const RetryPolicy& policy, HttpVersion version,
               uint64_t first, uint64_t end, Context& context);

    Piece read(std::span<std::byte> buffer, Context& context) override;
    std::optional<uint64_t> length() const override { return version_.size; }
    // Whether the server gives all of it once more where a part was asked for.
    bool starts_over() const { return to_skip_ > 0; }

  private:
    void resume(const std::string& reason, Context& context);
    void ask_for_rest(Context& context);
    void keep_connection();
    void check_rest();
    [[noreturn]] void fail(ErrorKind kind, const std::string& reason) const;
    std::string progress() const;

    std::string name_;
    Open open_;
    RetryPolicy policy_;
    Backoff backoff_{policy_};
    std::unique_ptr<HttpStream> stream_;  // goes before what open_ holds
    HttpVersion version_;
    std::optional<uint64_t>
        end_;                  // behind the last byte that is wanted; nothing: that of the whole
    uint64_t offset_ = 0;      // of the next byte
    uint64_t to_skip_ = 0;     // bytes of the stream that were read before
    uint64_t last_break_ = 0;  // where it broke
};

}  // namespace onemarket
