// SPDX-License-Identifier: Apache-2.0
#include "backends/sources/s3.h"

#include "tests/conformance/source_suite.h"
#include "tests/support/http_server.h"
#include "tests/support/s3_server.h"

namespace onemarket::test {
namespace {

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
        return serve([content](const HttpAsked& asked) {
            if (asked.headers.contains("range")) return HttpGiven{"404 Not Found", {}, {}};
            HttpGiven given = give_file(asked, content, "\"1\"");
            given.cut = true;
            return given;
        });
    }
    std::unique_ptr<ImageSource> stalling(const std::string& content) override {
        return serve([content](const HttpAsked& asked) {
            HttpGiven given = give_file(asked, content + "x", "\"1\"");
            given.stall = true;
            return given;
        });
    }
    std::unique_ptr<ImageSource> missing() override { return of(service_.endpoint(), "missing"); }

  private:
    static constexpr const char* kBucket = "images";

    std::unique_ptr<ImageSource> serve(HttpServer::Answer answer) {
        server_.reset();
        server_ = std::make_unique<HttpServer>(std::move(answer));
        return of(server_->url(), "image");
    }
    std::unique_ptr<ImageSource> of(const std::string& endpoint, const std::string& key) {
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
    std::unique_ptr<HttpServer> server_ =
        std::make_unique<HttpServer>([](const HttpAsked&) { return HttpGiven(); });
};

}  // namespace

INSTANTIATE_TEST_SUITE_P(s3, SourceSuite, testing::Values(source<Objects>()));

}  // namespace onemarket::test
