// SPDX-License-Identifier: Apache-2.0
#include "backends/sources/http.h"

#include "backends/io/backoff.h"
#include "backends/io/http_parts.h"
#include "backends/io/http_status.h"
#include "backends/io/sparse_reader.h"
#include "backends/io/url.h"

namespace onemarket {
namespace {

// A failure after which the same request may go well.
class PassingFailure : public Error {
  public:
    PassingFailure(ErrorKind kind, const std::string& message, std::chrono::seconds retry_after)
        : Error(kind, message), retry_after_(retry_after) {}
    std::chrono::seconds retry_after() const { return retry_after_; }

  private:
    std::chrono::seconds retry_after_;
};

// A file of a web server, asked for as often as it takes.
class Document {
  public:
    Document(Address address, const HttpSettings& http, const RetryPolicy& retries)
        : address_(std::move(address)),
          retries_(retries),
          client_(std::make_unique<HttpClient>(http)) {}

    std::unique_ptr<HttpStream> open(const HttpHeaders& headers, Context& context) {
        Backoff backoff(retries_);
        while (true) {
            try {
                return follow(headers, context);
            } catch (const PassingFailure& failure) {
                if (!pause_before_retry(failure.what(), failure.retry_after(), backoff, context))
                    throw;
            }
        }
    }

  private:
    std::unique_ptr<HttpStream> follow(const HttpHeaders& headers, Context& context) {
        std::string url = address_.url;
        for (int hop = 0; hop <= kMaxRedirects; ++hop) {
            auto stream = ask(url, headers, context);
            const HttpResponse& head = stream->head();
            if (head.status == 200 || head.status == 206) return stream;
            if (!is_redirection(head.status)) refuse(url, head);
            Result<std::string> next = redirected_to(url, head);
            if (!next) fail(url, ErrorKind::unavailable, next.reason());
            url = std::move(*next);
        }
        fail(address_.url, ErrorKind::unavailable,
             "more than " + std::to_string(kMaxRedirects) + " redirections");
    }

    std::unique_ptr<HttpStream> ask(const std::string& url, const HttpHeaders& headers,
                                    Context& context) {
        HttpRequest request;
        request.method = "GET";
        request.url = url;
        request.headers = headers;
        request.headers.emplace_back("accept-encoding", "identity");
        // Credentials are for the server they were written for.
        if (!address_.authorization.empty() && origin_of(url) == origin_of(address_.url))
            request.headers.emplace_back("authorization", address_.authorization.reveal());
        try {
            return client_->open(request, context);
        } catch (const HttpFault& fault) {
            const std::string text = std::string(without_query(url)) + ": " + fault.reason();
            if (!fault.transient()) throw Error(fault.kind(), text);
            throw PassingFailure(fault.kind(), text, std::chrono::seconds(0));
        }
    }

    [[noreturn]] static void refuse(const std::string& url, const HttpResponse& head) {
        if (head.status == 412) fail(url, ErrorKind::corrupt, "it changed while it was read");
        if (!is_transient(head.status))
            fail(url, kind_of_status(head.status), status_in_words(head));
        throw PassingFailure(ErrorKind::unavailable,
                             std::string(without_query(url)) + ": " + status_in_words(head),
                             retry_after(head, std::chrono::system_clock::now()));
    }

    [[noreturn]] static void fail(const std::string& url, ErrorKind kind,
                                  const std::string& reason) {
        throw Error(kind, std::string(without_query(url)) + ": " + reason);
    }

    Address address_;
    RetryPolicy retries_;
    std::unique_ptr<HttpClient> client_;
};

}  // namespace

std::unique_ptr<Reader> HttpSource::open(Context& context) {
    Result<Address> address = parse_address(facts().location);
    // The location is not repeated: it may have a password in it.
    if (!address) throw Error(ErrorKind::bad_request, "the source's address " + address.reason());
    const std::string name(without_query(address->url));
    const auto connect = [address = *address,
                          &site = site_](const RetryPolicy& retries) -> HttpReader::Open {
        auto document = std::make_shared<Document>(address, site.http, retries);
        return [document = std::move(document)](const HttpHeaders& headers, Context& ours) {
            return document->open(headers, ours);
        };
    };
    return std::make_unique<SparseReader>(
        open_http(name, connect, site_.retries, site_.source_connections, context));
}

}  // namespace onemarket
