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

}  // namespace
}  // namespace onemarket
