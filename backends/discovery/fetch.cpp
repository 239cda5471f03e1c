// SPDX-License-Identifier: Apache-2.0
#include "backends/discovery/fetch.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "backends/io/digest.h"
#include "backends/io/http_status.h"
#include "backends/io/url.h"
#include "protocol/ascii.h"

namespace onemarket {
namespace {

constexpr size_t kPieceBytes = size_t{256} << 10;

// What reaches the reader of one answer: its beginning, its bytes within the limit, its end.
class Delivery {
  public:
    Delivery(CatalogueReader& reader, const std::string& url) : reader_(reader), url_(url) {}

    void write(std::string_view piece) {
        begin();
        bytes_ += piece.size();
        if (bytes_ > kMaxCatalogueBytes)
            throw Error(ErrorKind::limit,
                        "it is larger than " + std::to_string(kMaxCatalogueBytes >> 20) + " MB");
        reader_.write(piece);
    }
    void end() {
        begin();
        reader_.end();
    }
    bool begun() const { return begun_; }

  private:
    void begin() {
        if (!std::exchange(begun_, true)) reader_.begin(url_);
    }

    CatalogueReader& reader_;
    const std::string& url_;
    bool begun_ = false;
    size_t bytes_ = 0;
};

[[noreturn]] void fail(const std::string& url, ErrorKind kind, const std::string& reason) {
    throw Error(kind, std::string(without_query(url)) + ": " + reason);
}

HttpRequest http_request(const CatalogueRequest& request) {
    HttpRequest http;
    http.method = "GET";
    http.url = request.url;
    http.headers = {{"Accept", "application/json"}, {"User-Agent", request.user_agent}};
    if (request.known != nullptr) {
        if (!request.known->etag.empty())
            http.headers.emplace_back("If-None-Match", request.known->etag);
        if (!request.known->last_modified.empty())
            http.headers.emplace_back("If-Modified-Since", request.known->last_modified);
    }
    http.accept_gzip = true;
    return http;
}

std::string validator(const HttpResponse& response, std::string_view header) {
    const std::string_view value = response.header(header);
    const bool can_be_sent = value.size() <= kMaxValidator &&
                             std::none_of(value.begin(), value.end(), ascii::is_control);
    return std::string(can_be_sent ? value : "");
}

// Whether it may be for the validators that were sent that there is no answer.
bool dislikes_questions(int status) {
    return status == 400 || status == 412 || status == 431;
}

// One request, its failures in our words.
HttpResponse ask(HttpClient& client, const CatalogueRequest& request, CatalogueReader& reader,
                 Context& context) {
    const std::string& url = request.url;
    Delivery delivery(reader, url);
    const auto status = [&delivery] { return std::string(delivery.begun() ? "HTTP 200: " : ""); };
    try {
        const auto stream = client.open(http_request(request), context);
        if (stream->head().status != 200) return stream->whole();
        std::vector<std::byte> piece(kPieceBytes);
        while (const size_t size = stream->read(piece))
            delivery.write({reinterpret_cast<const char*>(piece.data()), size});
        delivery.end();
        return stream->head();
    } catch (const HttpFault& fault) {
        fail(url, fault.kind(), status() + fault.reason());
    } catch (const Error& error) {
        if (error.kind() == ErrorKind::cancelled) throw;
        fail(url, error.kind(), status() + error.what());
    }
}

}  // namespace

CatalogueAnswer fetch_catalogue(const HttpSettings& http, CatalogueRequest request,
                                CatalogueReader& reader, Context& context) {
    HttpClient client(http);
    std::string url = request.url;
    for (int hop = 0;; ++hop) {
        const std::string place = sha256(url);
        // Another address may have the same tag for something else.
        const bool is_known = request.known != nullptr && request.known->place == place;
        const Validators* known = is_known ? request.known : nullptr;
        const HttpResponse response =
            ask(client, {url, request.user_agent, known}, reader, context);
        if (response.status == 304 && is_known) return {*known, true};
        if (response.status == 200)
            return {{place, validator(response, "etag"), validator(response, "last-modified")},
                    false};
        if (is_known && dislikes_questions(response.status)) {
            request.known = nullptr;
            continue;
        }
        if (!is_redirection(response.status))
            fail(url, kind_of_status(response.status), status_in_words(response));
        if (hop == kMaxRedirects)
            fail(request.url, ErrorKind::unavailable,
                 status_in_words(response) + ": more than " + std::to_string(kMaxRedirects) +
                     " redirections, the last to " + std::string(without_query(url)));
        const Result<std::string> next = redirected_to(url, response);
        if (!next) fail(url, ErrorKind::unavailable, next.reason());
        url = *next;
    }
}

}  // namespace onemarket
