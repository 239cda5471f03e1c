// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/canned_http.h"

#include "tests/fuzz/fuzz.h"

namespace onemarket {
namespace {

fuzz::CannedServer& server() {
    static fuzz::CannedServer server;
    return server;
}

}  // namespace

class HttpTransfer {
  public:
    explicit HttpTransfer(fuzz::CannedAnswer answer)
        : answer_(std::move(answer)), pieces_(answer_.body, answer_.seed) {}

    const HttpResponse& head() const { return answer_.head; }

    size_t read(std::span<std::byte> buffer) {
        const size_t got = pieces_.read(buffer);
        if (got == 0 && answer_.breaks)
            throw HttpFault(ErrorKind::unavailable, "http://canned", "the line broke", true);
        return got;
    }

  private:
    fuzz::CannedAnswer answer_;
    fuzz::Pieces pieces_;
};

struct HttpHandles {};

std::string_view HttpResponse::header(std::string_view name) const {
    for (const auto& [known, value] : headers)
        if (known == name) return value;
    return {};
}

HttpStream::HttpStream(std::unique_ptr<HttpTransfer> transfer) : transfer_(std::move(transfer)) {}
HttpStream::~HttpStream() = default;
const HttpResponse& HttpStream::head() const {
    return transfer_->head();
}
size_t HttpStream::read(std::span<std::byte> buffer) {
    return transfer_->read(buffer);
}
HttpResponse HttpStream::whole() {
    HttpResponse response = head();
    std::byte buffer[4096];
    while (const size_t got = read(buffer))
        response.body.append(reinterpret_cast<const char*>(buffer), got);
    return response;
}

HttpClient::HttpClient(const HttpSettings& settings) : settings_(settings) {}
HttpClient::~HttpClient() = default;

std::unique_ptr<HttpStream> HttpClient::open(const HttpRequest& request, Context& context) {
    (void)settings_;  // there is no line that they could be for
    context.check();
    fuzz::must(fuzz::is_one_line(request.method + request.url), "a request's address is one line");
    for (const auto& [name, value] : request.headers)
        fuzz::must(fuzz::is_one_line(name) && value.find_first_of("\r\n") == std::string::npos,
                   "a header is one line");
    auto answer = server()(request);
    if (!answer)
        throw HttpFault(ErrorKind::unavailable, "http://canned", "nobody answers", true, false);
    return std::unique_ptr<HttpStream>(
        new HttpStream(std::make_unique<HttpTransfer>(std::move(*answer))));
}

}  // namespace onemarket

namespace onemarket::fuzz {

void serve(CannedServer canned) {
    server() = std::move(canned);
}

}  // namespace onemarket::fuzz
