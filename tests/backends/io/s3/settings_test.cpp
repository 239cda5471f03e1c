// SPDX-License-Identifier: Apache-2.0
#include "backends/io/s3/settings.h"

#include <gtest/gtest.h>

#include "tests/backends/helpers.h"

namespace onemarket {
namespace {

using test::error_of;
using Attributes = std::map<std::string, std::string>;

// A marketplace with just what is needed, and `changes` over it; an empty value leaves one out.
S3Settings settings(const Attributes& changes) {
    Attributes attributes{{"ACCESS_KEY_ID", "AKIDEXAMPLE"},
                          {"SECRET_ACCESS_KEY", "sekret/+="},
                          {"BUCKET", "images"},
                          {"REGION", "eu-west-1"}};
    for (const auto& [name, value] : changes) attributes[name] = value;
    std::string xml = "<MARKET_DRIVER_ACTION_DATA><MARKETPLACE><TOTAL_MB>7</TOTAL_MB><TEMPLATE>";
    for (const auto& [name, value] : attributes)
        xml += "<" + name + "><![CDATA[" + value + "]]></" + name + ">";
    xml += "</TEMPLATE></MARKETPLACE></MARKET_DRIVER_ACTION_DATA>";
    return s3_settings(*DriverMessage::parse(xml));
}

struct Address {
    Attributes attributes;
    std::string origin, key_path, bucket_path;
};

TEST(S3Settings, WhereRequestsGo) {
    const std::string path_style = "YES";
    const std::vector<Address> cases = {
        {{}, "https://images.s3.eu-west-1.amazonaws.com", "/app-1", "/"},
        {{{"REGION", "cn-north-1"}},
         "https://images.s3.cn-north-1.amazonaws.com.cn",
         "/app-1",
         "/"},
        {{{"FORCE_PATH_STYLE", "YES"}},
         "https://s3.eu-west-1.amazonaws.com",
         "/images/app-1",
         "/images"},
        // A certificate for *.host is good for one label.
        {{{"BUCKET", "my.images"}},
         "https://s3.eu-west-1.amazonaws.com",
         "/my.images/app-1",
         "/my.images"},
        {{{"BUCKET", "my.images"}, {"ENDPOINT", "http://gate"}},
         "http://my.images.gate",
         "/app-1",
         "/"},
        {{{"ENDPOINT", "http://gate:7480/"}}, "http://images.gate:7480", "/app-1", "/"},
        {{{"ENDPOINT", "http://gate:7480/s3/"}}, "http://images.gate:7480", "/s3/app-1", "/s3"},
        {{{"ENDPOINT", "http://gate/s3"}, {"FORCE_PATH_STYLE", "yes"}},
         "http://gate",
         "/s3/images/app-1",
         "/s3/images"},
        {{{"ENDPOINT", "http://10.1.2.3:7480"}},
         "http://10.1.2.3:7480",
         "/images/app-1",
         "/images"},
        {{{"ENDPOINT", "https://[::1]:9000"}, {"FORCE_PATH_STYLE", "NO"}},
         "https://[::1]:9000",
         "/images/app-1",
         "/images"},
        {{{"BUCKET", "My_Images"}, {"ENDPOINT", "http://gate"}},
         "http://gate",
         "/My_Images/app-1",
         "/My_Images"},
    };
    for (const Address& c : cases) {
        const S3Target target = settings(c.attributes).target;
        EXPECT_EQ(target.endpoint.scheme + "://" + target.host(), c.origin);
        EXPECT_EQ(target.path("app-1"), c.key_path) << c.origin;
        EXPECT_EQ(target.path(""), c.bucket_path) << c.origin;
    }
}

TEST(S3Settings, AmazonsOwn) {
    EXPECT_TRUE(settings({}).target.aws);
    EXPECT_TRUE(settings({{"ENDPOINT", "https://s3.eu-west-1.amazonaws.com"}}).target.aws);
    EXPECT_FALSE(settings({{"ENDPOINT", "https://amazonaws.com.example"}}).target.aws);
}

TEST(S3Settings, Defaults) {
    const S3Settings standard = settings({});
    EXPECT_EQ(standard.app_prefix, "marketapp");
    EXPECT_EQ(standard.part_bytes, uint64_t{32} << 20);
    EXPECT_EQ(standard.total_mb, 1048576U)
        << "not that of the marketplace: that is its last MONITOR";
    EXPECT_EQ(standard.key_of(7), "marketapp-7");
    EXPECT_EQ(standard.key_prefix(), "marketapp-");
    EXPECT_EQ(standard.source_of("marketapp-7"), "s3://images/marketapp-7");
    EXPECT_EQ(standard.target.credentials.access_key, "AKIDEXAMPLE");
    EXPECT_EQ(standard.target.credentials.secret_key.reveal(), "sekret/+=");
    EXPECT_TRUE(standard.target.credentials.session_token.empty());
}

TEST(S3Settings, WhatIsGivenCounts) {
    const S3Settings given = settings({{"APP_PREFIX", "prod.images_2"},
                                       {"READ_LENGTH", "64"},
                                       {"TOTAL_MB", "500"},
                                       {"SESSION_TOKEN", "token=="},
                                       {"SIGNATURE_VERSION", "s3"},
                                       {"AWS", "no"},
                                       {"ENDPOINT", "http://gate"}});
    EXPECT_EQ(given.key_of(7), "prod.images_2-7");
    EXPECT_EQ(given.part_bytes, uint64_t{64} << 20);
    EXPECT_EQ(given.total_mb, 500U);
    EXPECT_EQ(given.target.credentials.session_token.reveal(), "token==");
}

TEST(S3Settings, AReadBelowTheSmallestPartIsRaised) {
    EXPECT_EQ(settings({{"READ_LENGTH", "1"}}).part_bytes, uint64_t{5} << 20);
}

struct Wrong {
    std::string attribute, value;
};

TEST(S3Settings, RefusalsNameTheAttribute) {
    const std::vector<Wrong> cases = {
        {"ACCESS_KEY_ID", ""},
        {"ACCESS_KEY_ID", "a b"},
        {"ACCESS_KEY_ID", "a\nx: y"},
        {"SECRET_ACCESS_KEY", ""},
        {"BUCKET", ""},
        {"BUCKET", "ab"},
        {"BUCKET", "a/b"},
        {"BUCKET", ".images"},
        {"BUCKET", "images-"},
        {"BUCKET", "im..ages"},
        {"BUCKET", "im ages"},
        {"BUCKET", "..."},
        {"BUCKET", "images?x"},
        {"BUCKET", std::string(64, 'a')},
        {"REGION", ""},
        {"REGION", "eu west"},
        {"REGION", "evil.example/"},
        {"ENDPOINT", "gate:7480"},
        {"ENDPOINT", "ftp://gate"},
        {"ENDPOINT", "http://user:hunter2@gate"},
        {"ENDPOINT", "http://gate/?x"},
        {"FORCE_PATH_STYLE", "perhaps"},
        {"AWS", "amazon"},
        {"SIGNATURE_VERSION", "v5"},
        {"READ_LENGTH", "0"},
        {"READ_LENGTH", "many"},
        {"READ_LENGTH", "5,000"},
        {"READ_LENGTH", "5000"},
        {"READ_LENGTH", "-1"},
        {"READ_LENGTH", "1.5"},
        {"READ_LENGTH", "99999999999999999999"},
        {"TOTAL_MB", "0"},
        {"TOTAL_MB", "lots"},
        {"APP_PREFIX", "a/b"},
        {"APP_PREFIX", "../a"},
        {"APP_PREFIX", "a..b"},
        {"APP_PREFIX", "a b"},
        {"APP_PREFIX", std::string(201, 'a')},
        {"SESSION_TOKEN", "a\r\nb"},
    };
    for (const Wrong& c : cases) {
        const Error error = error_of([&] { settings({{c.attribute, c.value}}); });
        EXPECT_EQ(error.kind(), ErrorKind::bad_request) << c.attribute << "=" << c.value;
        EXPECT_TRUE(std::string(error.what()).starts_with(c.attribute)) << error.what();
        EXPECT_EQ(std::string(error.what()).find("hunter2"), std::string::npos) << error.what();
    }
}

TEST(S3Settings, WithoutAmazonThereMustBeAnEndpoint) {
    const Error error = error_of([] { settings({{"AWS", "no"}}); });
    EXPECT_TRUE(std::string(error.what()).starts_with("ENDPOINT is missing")) << error.what();
}

}  // namespace
}  // namespace onemarket
