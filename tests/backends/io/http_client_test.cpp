// SPDX-License-Identifier: Apache-2.0
#include "backends/io/http_client.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/backends/helpers.h"
#include "tests/support/http_server.h"

namespace onemarket {
namespace {

using test::HttpAsked;
using test::HttpGiven;
using test::HttpServer;

// "hello hello hello\n", as gzip packs it.
const std::string kPacked(
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\x48\xcd\xc9\xc9\x57\xc8\x40\x90\x5c\x00\x3b\x7c"
    "\x8a"
    "\xdf\x12\x00\x00\x00",
    29);

class HttpClientTest : public testing::Test {
  protected:
    HttpResponse get(const HttpServer& server, HttpRequest request = {}) {
        request.method = "GET";
        request.url = server.url() + "/x";
        return HttpClient(settings_).perform(request, context_);
    }

    std::unique_ptr<HttpStream> open(HttpClient& client, const HttpServer& server) {
        HttpRequest request;
        request.method = "GET";
        request.url = server.url() + "/x";
        return client.open(request, context_);
    }

    test::Ignored pipe_signal_{SIGPIPE};
    HttpSettings settings_;
    test::TestContext context_;
};

TEST_F(HttpClientTest, TheStatusHasItsWords) {
    for (const auto& [status, words] : std::vector<std::pair<std::string, std::string>>{
             {"404 Not Found", "Not Found"}, {"200", ""}, {"503  odd  ", "odd"}}) {
        const HttpServer server([status = status](const HttpAsked&) {
            return HttpGiven{status, {}, {}};
        });
        const HttpResponse response = get(server);
        EXPECT_EQ(response.reason, words);
        EXPECT_EQ(std::to_string(response.status), status.substr(0, 3));
    }
}

TEST_F(HttpClientTest, AStreamGivesABodyOfAnySize) {
    const std::string body = test::noise(kMaxHttpAnswer + 1);
    const HttpServer server([&](const HttpAsked&) { return HttpGiven{"200 OK", {}, body}; });
    HttpClient client(settings_);
    const auto stream = open(client, server);
    EXPECT_EQ(stream->head().status, 200);
    EXPECT_EQ(stream->head().header("content-length"), std::to_string(body.size()));
    std::string got;
    std::string buffer(100'003, '\0');
    while (const size_t size = stream->read(std::as_writable_bytes(std::span(buffer))))
        got.append(buffer, 0, size);
    EXPECT_TRUE(got == body);
    EXPECT_EQ(stream->read(std::as_writable_bytes(std::span(buffer))), 0U) << "the end stays";
    // Taken whole there is a limit.
    EXPECT_EQ(test::error_of([&] { get(server); }).kind(), ErrorKind::limit);
}

TEST_F(HttpClientTest, AStreamMayBeReadSlowly) {
    const std::string body = test::noise(size_t{16} << 20);
    const HttpServer server([&](const HttpAsked&) { return HttpGiven{"200 OK", {}, body}; });
    HttpClient client(settings_);
    const auto stream = open(client, server);
    std::string got(1'000, '\0');
    for (char& byte : got) ASSERT_EQ(stream->read(std::as_writable_bytes(std::span(&byte, 1))), 1U);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    std::string buffer(1'000'000, '\0');
    while (const size_t size = stream->read(std::as_writable_bytes(std::span(buffer))))
        got.append(buffer, 0, size);
    EXPECT_TRUE(got == body);
}

TEST_F(HttpClientTest, AStreamThatBreaksGivesWhatCameFirst) {
    const std::string body = test::noise(300'000);
    const HttpServer server([&](const HttpAsked&) { return HttpGiven{"200 OK", {}, body, true}; });
    HttpClient client(settings_);
    const auto stream = open(client, server);
    std::string got;
    std::string buffer(7'000, '\0');
    const Error error = test::error_of([&] {
        while (const size_t size = stream->read(std::as_writable_bytes(std::span(buffer))))
            got.append(buffer, 0, size);
    });
    EXPECT_EQ(error.kind(), ErrorKind::unavailable);
    EXPECT_TRUE(got == body.substr(0, 150'000)) << got.size();
}

TEST_F(HttpClientTest, AStreamThatIsGivenUpLeavesTheClientUsable) {
    const std::string body = test::noise(size_t{8} << 20);
    const HttpServer server([&](const HttpAsked&) { return HttpGiven{"200 OK", {}, body}; });
    HttpClient client(settings_);
    { const auto stream = open(client, server); }
    EXPECT_EQ(open(client, server)->whole().body.size(), body.size());
}

TEST_F(HttpClientTest, HeadersThatDoNotEndAreAFault) {
    HttpGiven given{"200 OK", {}, "body"};
    for (int i = 0; i < 400; ++i) given.headers["X-" + std::to_string(i)] = std::string(1000, 'a');
    const HttpServer server([&](const HttpAsked&) { return given; });
    const Error error = test::error_of([&] { get(server); });
    EXPECT_EQ(error.kind(), ErrorKind::limit);
    EXPECT_EQ(server.url() + ": its headers have no end", error.what());
}

TEST_F(HttpClientTest, AHeaderOfAnyLengthIsAFaultAtOnce) {
    const HttpServer server([&](const HttpAsked&) {
        return HttpGiven{"200 OK", {{"X", std::string(1 << 20, 'a')}}, "body"};
    });
    EXPECT_EQ(test::error_of([&] { get(server); }).kind(), ErrorKind::limit);
}

// More than is kept of a body nobody reads: it would be waited for until the end of days.
TEST_F(HttpClientTest, ABodyWithoutAStatusIsAFault) {
    const HttpServer server([&](const HttpAsked&) {
        return HttpGiven{"101 Switching Protocols", {}, std::string(4 << 20, 'a')};
    });
    EXPECT_EQ(test::error_of([&] { get(server); }).kind(), ErrorKind::unavailable);
}

TEST_F(HttpClientTest, TrailersAreNoHeadersAndEndToo) {
    HttpGiven given{"200 OK", {}, "body"};
    given.framing = HttpGiven::chunked;
    given.trailers = {{"ETag", "\"late\""}};
    const HttpServer server([&](const HttpAsked&) { return given; });
    EXPECT_EQ(get(server).body, "body");
    EXPECT_EQ(get(server).header("etag"), "");
    for (int i = 0; i < 400; ++i) given.trailers["X-" + std::to_string(i)] = std::string(1000, 'a');
    EXPECT_EQ(test::error_of([&] { get(server); }).kind(), ErrorKind::limit);
}

TEST_F(HttpClientTest, CompressionIsAskedForAndUndone) {
    const HttpServer server([](const HttpAsked& asked) {
        if (!asked.headers.contains("accept-encoding")) return HttpGiven{"200 OK", {}, "plain"};
        return HttpGiven{"200 OK", {{"Content-Encoding", "gzip"}}, kPacked};
    });
    HttpRequest request;
    request.accept_gzip = true;
    EXPECT_EQ(get(server, request).body, "hello hello hello\n");
    EXPECT_EQ(server.asked().back().headers.at("accept-encoding"), "gzip");
    EXPECT_EQ(get(server).body, "plain");
}

TEST_F(HttpClientTest, AProxyThatCannotBeReadIsNotRepeated) {
    const HttpServer server([](const HttpAsked&) { return HttpGiven(); });
    for (const char* proxy : {"http://tenant:hunter2@[bad", "http://tenant:hunter2@host:99999",
                              "nonsense://tenant:hunter2@host", "http://tenant:hunter2@no host"}) {
        settings_.http_proxy = Secret(proxy);
        const Error error = test::error_of([&] { get(server); });
        EXPECT_EQ(std::string(error.what()).find("hunter2"), std::string::npos) << error.what();
    }
}

// Its host and port alone would be looked for in vain in what was asked for.
TEST_F(HttpClientTest, AProxyThatIsNotThereIsSaid) {
    const auto reason = [this](const std::string& url) {
        HttpRequest request;
        request.method = "GET";
        request.url = url;
        return std::string(
            test::error_of([&] { HttpClient(settings_).perform(request, context_); }).what());
    };
    settings_.http_proxy = Secret("http://127.0.0.1:1");
    EXPECT_THAT(reason("http://somewhere.example/x?a=b"),
                testing::EndsWith(" (that is the proxy's)"));
    settings_.http_proxy = Secret();
    EXPECT_THAT(reason("http://127.0.0.1:1/x"), testing::Not(testing::HasSubstr("the proxy's")));
}

TEST_F(HttpClientTest, AFaultHasItsReasonWithoutTheAddress) {
    const HttpServer server([](const HttpAsked&) { return HttpGiven{"200 OK", {}, "page", true}; });
    try {
        get(server);
        ADD_FAILURE() << "no fault";
    } catch (const HttpFault& fault) {
        EXPECT_EQ(std::string(fault.what()), server.url() + ": " + fault.reason());
        EXPECT_TRUE(fault.transient());
    }
}

TEST_F(HttpClientTest, AServerWithoutTlsIsNoPassingFault) {
    const HttpServer server([](const HttpAsked&) { return HttpGiven(); });
    HttpRequest request;
    request.method = "GET";
    request.url = "https" + server.url().substr(4) + "/x";
    try {
        HttpClient(settings_).perform(request, context_);
        ADD_FAILURE() << "no fault";
    } catch (const HttpFault& fault) {
        EXPECT_EQ(fault.kind(), ErrorKind::unavailable);
        EXPECT_TRUE(fault.reason().ends_with("wrong version number (is that an https server?)"))
            << fault.reason();
        EXPECT_FALSE(fault.transient());
    }
}

}  // namespace
}  // namespace onemarket
