// SPDX-License-Identifier: Apache-2.0
// Images of a web server.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "backends/io/url.h"
#include "backends/sources/http.h"
#include "tests/conformance/harness.h"
#include "tests/support/http_server.h"

namespace onemarket::test {

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
            return give_broken_file(asked, content);
        });
    }
    std::unique_ptr<ImageSource> stalling(const std::string& content) override {
        return serve("image", [content](const HttpAsked& asked) {
            return give_stalling_file(asked, content + "x");
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

}  // namespace onemarket::test
