// SPDX-License-Identifier: Apache-2.0
// Images of a bucket.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "backends/sources/s3.h"
#include "protocol/base64.h"
#include "tests/conformance/harness.h"
#include "tests/support/http_server.h"
#include "tests/support/s3_server.h"

namespace onemarket::test {

// Objects of a service that checks signatures; those that break are of a server that does not.
class Objects : public SourceHarness {
  public:
    explicit Objects(const std::string&) {
        site_.site.retries = {2, std::chrono::milliseconds(1), std::chrono::milliseconds(1)};
        service_.make_bucket(kBucket);
    }

    std::unique_ptr<ImageSource> source(const std::string& name,
                                        const std::string& content) override {
        service_.put(kBucket, name, content);
        return of(service_.endpoint(), name);
    }
    std::unique_ptr<ImageSource> broken(const std::string& content) override {
        return serve(
            [content](const HttpAsked& asked) { return give_broken_file(asked, content); });
    }
    std::unique_ptr<ImageSource> stalling(const std::string& content) override {
        return serve(
            [content](const HttpAsked& asked) { return give_stalling_file(asked, content + "x"); });
    }
    std::unique_ptr<ImageSource> missing() override { return of(service_.endpoint(), "missing"); }

    std::vector<std::string> environment() const override {
        const auto element = [](const std::string& name, const std::string& text) {
            return "<" + name + ">" + text + "</" + name + ">";
        };
        const std::string market = element(
            "TEMPLATE", element("ACCESS_KEY_ID", account_.access_key) +
                            element("SECRET_ACCESS_KEY", account_.secret_key) +
                            element("ENDPOINT", endpoint_) + element("REGION", account_.region) +
                            element("FORCE_PATH_STYLE", "YES"));
        return {"DRV_ACTION=" +
                base64_encode(element("DS_DRIVER_ACTION_DATA", element("MARKETPLACE", market)))};
    }

  private:
    static constexpr const char* kBucket = "images";

    std::unique_ptr<ImageSource> serve(HttpServer::Answer answer) {
        server_.reset();
        server_ = std::make_unique<HttpServer>(std::move(answer));
        return of(server_->url(), "image");
    }
    std::unique_ptr<ImageSource> of(const std::string& endpoint, const std::string& key) {
        endpoint_ = endpoint;
        S3Target target;
        target.endpoint = *parse_url(endpoint);
        target.path_style = true;
        target.region = account_.region;
        target.bucket = kBucket;
        target.credentials = {account_.access_key, Secret(account_.secret_key), {}};
        ImageFacts facts{std::string("s3://") + kBucket + "/" + key, "128", "raw", "", {}};
        return std::make_unique<S3Source>(std::move(facts), target, key, site_.site);
    }

    TestSite site_;
    Account account_;
    S3Server service_;
    std::string endpoint_;  // of the source that was made last
    std::unique_ptr<HttpServer> server_ =
        std::make_unique<HttpServer>([](const HttpAsked&) { return HttpGiven(); });
};

}  // namespace onemarket::test
