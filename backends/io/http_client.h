// SPDX-License-Identifier: Apache-2.0
// One HTTP request at a time over kept connections: HTTP/1.1, with proxies and TLS, and an end as
// soon as the request's context says so. No redirect is followed, nothing is tried twice: who
// signs must also decide that. The answer is taken whole or, a large one, as it comes.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backends/io/stream.h"
#include "protocol/error.h"
#include "protocol/secret.h"

namespace onemarket {

// The same for all requests of the driver. Nothing is taken from the process's environment.
struct HttpSettings {
    Secret http_proxy;     // URL of the proxy for http addresses, credentials in it; empty: none
    Secret https_proxy;    // the same for https addresses
    std::string no_proxy;  // hosts and domains reached without it, with commas; "*": all
    std::string ca_file;   // certificates that are trusted, PEM; empty: the system's
    bool verify_tls = true;
    std::string no_tls;  // why nothing may be asked over https; empty where it may
    std::vector<std::string> unverified_hosts;  // names, lower case, where it is not all the same
    std::string user_agent = "onemarketd";
    std::chrono::seconds connect_limit{10};
    // A transfer that moves next to nothing for so long has stalled.
    std::chrono::seconds stall_limit{30};
};

// What is sent: `size` bytes at `offset` of what must live until the answer is there.
struct HttpBody {
    const RandomAccess* bytes = nullptr;
    uint64_t offset = 0;
    uint64_t size = 0;
};

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
    std::string method;
    std::string url;  // percent-encoded; sent as it is
    HttpHeaders headers;
    HttpBody body;
    std::chrono::seconds stall_limit{0};  // where it is not that of the settings
    // True: it may be sent again, unasked, where a connection kept from an earlier request turns
    // out to be closed, although it may have been carried out. False: it is sent once, and when the
    // context ends behind its last byte the answer is waited for a moment, since only that tells.
    bool repeatable = true;
    bool accept_gzip = false;  // the answer may be compressed on its way; it is given unpacked
};

struct HttpResponse {
    int status = 0;
    std::string reason;   // the server's words for the status; may be empty
    HttpHeaders headers;  // names in lower case
    std::string body;     // of any status; of a HttpStream's head: empty

    // Empty when there is no such header; `name` in lower case.
    std::string_view header(std::string_view name) const;
};

// No answer, or none that can be used.
class HttpFault : public Error {
  public:
    HttpFault(ErrorKind kind, std::string_view origin, const std::string& reason, bool transient,
              bool sent = true)
        : Error(kind, std::string(origin) + ": " + reason),
          reason_(reason),
          transient_(transient),
          sent_(sent) {}
    // What went wrong, without the server's address before it.
    const std::string& reason() const { return reason_; }
    // It may go well another time.
    bool transient() const { return transient_; }
    // Some of the request was sent: whether the server did what was asked is not known.
    bool sent() const { return sent_; }

  private:
    std::string reason_;
    bool transient_, sent_;
};

// The largest answer taken into memory; a larger one is a fault.
inline constexpr size_t kMaxHttpAnswer = size_t{12} << 20;

// Lines of an answer that are not its body: of the head, of what comes before it (100), and behind
// the body (trailers, which are forgotten). More of them are a fault.
inline constexpr size_t kMaxHttpHead = size_t{300} << 10;

class HttpTransfer;

// An answer whose body has yet to come. One at a time for each client, which must outlive it, as
// must the context it was opened with and the bytes of the request's body. Not thread-safe.
class HttpStream {
  public:
    ~HttpStream();  // a body that was not read to its end costs the connection
    HttpStream(const HttpStream&) = delete;
    HttpStream& operator=(const HttpStream&) = delete;

    const HttpResponse& head() const;

    // Fills the front of `buffer` with at least one byte; 0: the end, where the server said it
    // would be, or, where it did not say, where it closed the connection. Throws as perform().
    size_t read(std::span<std::byte> buffer);

    // The whole answer, with what is left of the body. Throws HttpFault where that is more than
    // kMaxHttpAnswer.
    HttpResponse whole();

  private:
    friend class HttpClient;
    explicit HttpStream(std::unique_ptr<HttpTransfer> transfer);
    std::unique_ptr<HttpTransfer> transfer_;
};

// libcurl's handles.
struct HttpHandles;

// Not thread-safe: one for each thread, and `settings` must outlive it.
class HttpClient {
  public:
    explicit HttpClient(const HttpSettings& settings);
    ~HttpClient();
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;

    // Any status is an answer. Throws HttpFault, what the body's bytes throw, and Error (cancelled,
    // timeout) from the context at once, whatever is in flight. Bytes moved are its progress.
    HttpResponse perform(const HttpRequest& request, Context& context) {
        return open(request, context)->whole();
    }

    // The same, as soon as the answer's head is there.
    std::unique_ptr<HttpStream> open(const HttpRequest& request, Context& context);

  private:
    const HttpSettings& settings_;
    std::unique_ptr<HttpHandles> handles_;
};

}  // namespace onemarket
