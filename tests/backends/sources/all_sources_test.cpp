// SPDX-License-Identifier: Apache-2.0
#include "backends/sources/all_sources.h"

#include <gtest/gtest.h>

#include <string>

#include "backends/sources/downloader.h"
#include "backends/sources/file.h"
#include "backends/sources/http.h"
#include "backends/sources/rbd.h"
#include "backends/sources/s3.h"
#include "backends/sources/ssh.h"
#include "tests/backends/helpers.h"
#include "tests/support/s3_server.h"

namespace onemarket {
namespace {

DriverMessage message_with(const std::string& attributes) {
    Result<DriverMessage> message = DriverMessage::parse(
        "<MARKET_DRIVER_ACTION_DATA>" + attributes + "</MARKET_DRIVER_ACTION_DATA>");
    return std::move(*message);
}
const std::string kKeys =
    "<TEMPLATE><ACCESS_KEY_ID>k</ACCESS_KEY_ID><SECRET_ACCESS_KEY>s</SECRET_ACCESS_KEY>"
    "<REGION>r</REGION></TEMPLATE>";

template <class T>
bool is_a(const std::string& location, const std::string& attributes = "") {
    const Site site;
    ImageFacts facts;
    facts.location = location;
    const auto source = make_source(std::move(facts), message_with(attributes), site);
    EXPECT_EQ(source->facts().location, location);
    return dynamic_cast<const T*>(source.get()) != nullptr;
}

TEST(AllSources, LocationChoosesTheSource) {
    EXPECT_TRUE(is_a<FileSource>("/a/path?b=c&d e"));
    EXPECT_TRUE(is_a<SshSource>("ssh://host:/a/path?b=c&d 'e'"));
    EXPECT_TRUE(is_a<RbdSource>("rbd://host/one/img?CEPH_USER=a&CEPH_CONF=/b c"));
    EXPECT_TRUE(is_a<HttpSource>("http://h/a?b=c&d 'e'"));
    EXPECT_TRUE(is_a<HttpSource>("https://u:p@h/a"));
    EXPECT_TRUE(is_a<HttpSource>("HTTPS://u:p@h/a"));
    EXPECT_TRUE(is_a<SshSource>("SSH://host:/a"));
    for (const char* owner : {"DATASTORE", "MARKETPLACE"})
        EXPECT_TRUE(is_a<S3Source>("s3://bucket/a/key",
                                   "<" + std::string(owner) + ">" + kKeys + "</" + owner + ">"));
    for (const char* location :
         {"s3://bucket/key", "http:/h", "lxd://x", "restic://x", "ssh:/a", "a/relative/path", ""})
        EXPECT_TRUE(is_a<DownloaderSource>(location)) << location;
}

// What is wrong with it is found before anything is started.
TEST(AllSources, LocationThatCannotBe) {
    test::TestSite site;
    test::TestContext context;
    for (const char* location : {"ssh://host", "ssh://-oProxyCommand=touch x:/a", "rbd://h",
                                 "rbd://-x/one/img", "ssh://a b:/c"}) {
        ImageFacts facts;
        facts.location = location;
        const auto source = make_source(std::move(facts), message_with(""), site.site);
        const Error error = test::error_of([&] { source->open(context); });
        EXPECT_EQ(error.kind(), ErrorKind::bad_request);
        EXPECT_TRUE(std::string(error.what()).starts_with(std::string("source ") + location + " "))
            << error.what();
    }
}

TEST(AllSources, S3LocationThatCannotBe) {
    const Site site;
    for (const char* location :
         {"s3://", "s3://bucket", "s3://bucket/", "s3:///key", "s3://b_/k", "s3://../key"}) {
        ImageFacts facts;
        facts.location = location;
        const DriverMessage message = message_with("<DATASTORE>" + kKeys + "</DATASTORE>");
        const Error error = test::error_of([&] { make_source(std::move(facts), message, site); });
        EXPECT_EQ(error.kind(), ErrorKind::bad_request);
        EXPECT_EQ(std::string("source ") + location + " is not s3://bucket/key", error.what());
    }
}

// Both have credentials, of which one's are right.
TEST(AllSources, S3OwnersInTheirOrder) {
    const test::Ignored pipe_signal(SIGPIPE);
    const test::Account account;
    test::S3Server server;
    server.make_bucket("images");
    server.put("images", "key", "content");
    const auto credentials = [&](const std::string& owner, const std::string& secret) {
        return "<" + owner + "><TEMPLATE><ACCESS_KEY_ID>" + account.access_key +
               "</ACCESS_KEY_ID><SECRET_ACCESS_KEY>" + secret + "</SECRET_ACCESS_KEY><REGION>" +
               account.region + "</REGION><ENDPOINT>" + server.endpoint() +
               "</ENDPOINT><AWS>no</AWS><FORCE_PATH_STYLE>YES</FORCE_PATH_STYLE></TEMPLATE></" +
               owner + ">";
    };
    Site site;
    site.retries.attempts = 1;
    const auto is_read = [&](const std::string& attributes, auto... owners) {
        test::TestContext context;
        ImageFacts facts;
        facts.location = "s3://images/key";
        const auto source =
            make_source(std::move(facts), message_with(attributes), site, owners...);
        try {
            return test::read_all(*source->open(context), context) == "content";
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::permission) << error.what();
            return false;
        }
    };
    const std::string of_datastore =
        credentials("DATASTORE", account.secret_key) + credentials("MARKETPLACE", "another");
    const std::string of_market =
        credentials("DATASTORE", "another") + credentials("MARKETPLACE", account.secret_key);
    EXPECT_TRUE(is_read(of_datastore));
    EXPECT_TRUE(is_read(of_datastore, S3Owners::datastore_first));
    EXPECT_FALSE(is_read(of_datastore, S3Owners::marketplace_first));
    EXPECT_FALSE(is_read(of_market));
    EXPECT_TRUE(is_read(of_market, S3Owners::marketplace_first));
    for (const char* owner : {"DATASTORE", "MARKETPLACE"}) {
        const std::string alone = credentials(owner, account.secret_key);
        EXPECT_TRUE(is_read(alone)) << owner;
        EXPECT_TRUE(is_read(alone, S3Owners::marketplace_first)) << owner;
    }
}

}  // namespace
}  // namespace onemarket
