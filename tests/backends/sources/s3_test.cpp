// SPDX-License-Identifier: Apache-2.0
#include "backends/sources/s3.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/backends/helpers.h"
#include "tests/support/s3_server.h"

namespace onemarket {
namespace {

using test::Fault;
using testing::HasSubstr;

// Made where it is wanted, not at the start of each of the program's tests.
const std::string& content() {
    static const std::string bytes = test::noise(3'000'001);
    return bytes;
}

class S3SourceTest : public testing::Test {
  protected:
    S3SourceTest() {
        site_.retries = {4, std::chrono::milliseconds(1), std::chrono::milliseconds(2)};
        server_.make_bucket("images");
        server_.put("images", "key", content());
        target_.endpoint = *parse_url(server_.endpoint());
        target_.path_style = true;
        target_.region = account_.region;
        target_.bucket = "images";
        target_.credentials = {account_.access_key, Secret(account_.secret_key), {}};
    }
    Fault breaking(int times) const {
        Fault fault;
        fault.operation = "GetObject";
        fault.kind = Fault::cut_answer;
        fault.times = times;
        return fault;
    }
    std::string read(const std::string& key = "key") {
        ImageFacts facts;
        facts.location = "s3://images/" + key;
        return test::read_all(*S3Source(facts, target_, key, site_).open(context_), context_);
    }
    Error error(const std::string& key = "key") {
        return test::error_of([&] { read(key); });
    }

    test::Ignored pipe_signal_{SIGPIPE};
    Site site_;
    test::TestContext context_;
    test::Account account_;
    test::S3Server server_;
    S3Target target_;
};

TEST_F(S3SourceTest, GoesOnWhereItBroke) {
    server_.fault(breaking(3));
    EXPECT_TRUE(read() == content());
    EXPECT_EQ(server_.summary(), "GetObject 4");
    const auto headers = server_.seen().at(1).request.headers;
    EXPECT_EQ(headers.at("range"), "bytes=1500001-");
    EXPECT_TRUE(headers.contains("if-match"));
}

TEST_F(S3SourceTest, AnotherObjectIsNotMixedIn) {
    Fault replaced = breaking(1);
    replaced.kind = Fault::call;
    replaced.action = [this] { server_.put("images", "key", content() + "x"); };
    server_.fault(breaking(1));
    server_.fault(replaced);
    const Error failure = error();
    EXPECT_EQ(failure.kind(), ErrorKind::corrupt);
    EXPECT_THAT(failure.what(), HasSubstr("412 PreconditionFailed: it is another object"));
}

TEST_F(S3SourceTest, RefusalsAreInTheServicesWords) {
    EXPECT_THAT(error("missing").what(), HasSubstr("404 NoSuchKey"));
    target_.credentials.secret_key = Secret("hunter2");
    const Error failure = error();
    EXPECT_EQ(failure.kind(), ErrorKind::permission);
    EXPECT_THAT(failure.what(), HasSubstr("SECRET_ACCESS_KEY does not belong to ACCESS_KEY_ID"));
    EXPECT_EQ(server_.summary(), "GetObject 2");
}

TEST_F(S3SourceTest, PassingFailuresAreTriedAgain) {
    server_.fault({"GetObject", Fault::status, 503, "SlowDown", 0, 2});
    EXPECT_TRUE(read() == content());
    EXPECT_EQ(server_.summary(), "GetObject 3");
}

TEST_F(S3SourceTest, AnotherRegionIsLearned) {
    Fault moved;
    moved.operation = "GetObject";
    moved.kind = Fault::redirect;
    moved.number = 301;
    moved.region = account_.region;
    target_.region = "elsewhere";
    server_.fault(moved);
    EXPECT_TRUE(read() == content());
    EXPECT_EQ(server_.summary(), "GetObject 2");
}

TEST_F(S3SourceTest, SeveralConnections) {
    site_.source_connections = 4;
    server_.put("images", "long", test::noise((12 << 20) + 7));
    EXPECT_TRUE(read("long") == test::noise((12 << 20) + 7));
    EXPECT_EQ(server_.summary(), "GetObject 5");  // the first byte, four parts
    EXPECT_TRUE(read() == content());
}

TEST_F(S3SourceTest, SeveralConnectionsAndAnEmptyObject) {
    site_.source_connections = 4;
    server_.put("images", "empty", "");
    EXPECT_EQ(read("empty"), "");
    EXPECT_THAT(error("missing").what(), HasSubstr("404 NoSuchKey"));
}

}  // namespace
}  // namespace onemarket
