// SPDX-License-Identifier: Apache-2.0
#include "backends/sources/http.h"

#include "backends/io/url.h"
#include "tests/conformance/source_suite.h"
#include "tests/support/http_server.h"

namespace onemarket::test {
namespace {

// A web server that has one file.
class WebFiles : public SourceHarness {
  public:
    explicit WebFiles(const std::string&) {
        site_.site.retries = {2, std::chrono::milliseconds(1), std::chrono::milliseconds(1)};
    }

    std::string written(const std::string& name) const override {
        return percent_encode(name, kUnreserved);
    }
    std::unique_ptr<ImageSource> source(const std::string& name,
                                        const std::string& content) override {
        return serve(
            name, [content](const HttpAsked& asked) { return give_file(asked, content, "\"1\""); });
    }
    // It breaks, and what is left is not to be had.
    std::unique_ptr<ImageSource> broken(const std::string& content) override {
        return serve("image", [content](const HttpAsked& asked) {
            if (asked.headers.contains("range")) return HttpGiven{"404 Not Found", {}, {}};
            HttpGiven given = give_file(asked, content, "\"1\"");
            given.cut = true;
            return given;
        });
    }
    std::unique_ptr<ImageSource> stalling(const std::string& content) override {
        return serve("image", [content](const HttpAsked& asked) {
            HttpGiven given = give_file(asked, content + "x", "\"1\"");
            given.stall = true;
            return given;
        });
    }
    std::unique_ptr<ImageSource> missing() override {
        return serve("image", [](const HttpAsked&) { return HttpGiven{"404 Not Found", {}, {}}; });
    }

  private:
    std::unique_ptr<ImageSource> serve(const std::string& name, HttpServer::Answer answer) {
        server_.reset();
        server_ = std::make_unique<HttpServer>(std::move(answer));
        return std::make_unique<HttpSource>(
            ImageFacts{server_->url() + "/" + written(name), "128", "raw", "", {}}, site_.site);
    }

    TestSite site_;
    std::unique_ptr<HttpServer> server_ =
        std::make_unique<HttpServer>([](const HttpAsked&) { return HttpGiven(); });
};

}  // namespace

INSTANTIATE_TEST_SUITE_P(http, SourceSuite, testing::Values(source<WebFiles>()));

}  // namespace onemarket::test
