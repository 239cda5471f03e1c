// SPDX-License-Identifier: Apache-2.0
#include "backends/sources/all_sources.h"

#include <gtest/gtest.h>

#include <string>

#include "backends/sources/downloader.h"
#include "backends/sources/file.h"
#include "backends/sources/rbd.h"
#include "backends/sources/ssh.h"
#include "tests/backends/helpers.h"

namespace onemarket {
namespace {

template <class T>
bool is_a(const std::string& location) {
    const Site site;
    ImageFacts facts;
    facts.location = location;
    const auto source = make_source(std::move(facts), site);
    EXPECT_EQ(source->facts().location, location);
    return dynamic_cast<const T*>(source.get()) != nullptr;
}

TEST(AllSources, LocationChoosesTheSource) {
    EXPECT_TRUE(is_a<FileSource>("/a/path?b=c&d e"));
    EXPECT_TRUE(is_a<SshSource>("ssh://host:/a/path?b=c&d 'e'"));
    EXPECT_TRUE(is_a<RbdSource>("rbd://host/one/img?CEPH_USER=a&CEPH_CONF=/b c"));
    for (const char* location : {"http://h/a", "https://h/a", "s3://b/k", "lxd://x", "restic://x",
                                 "SSH://host:/a", "ssh:/a", "a/relative/path", ""})
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
        const auto source = make_source(std::move(facts), site.site);
        const Error error = test::error_of([&] { source->open(context); });
        EXPECT_EQ(error.kind(), ErrorKind::bad_request);
        EXPECT_TRUE(std::string(error.what()).starts_with(std::string("source ") + location + " "))
            << error.what();
    }
}

}  // namespace
}  // namespace onemarket
