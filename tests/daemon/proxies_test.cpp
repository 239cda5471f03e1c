// SPDX-License-Identifier: Apache-2.0
#include "daemon/proxies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace onemarket {
namespace {

HttpSettings settings(const Environment& environment, const std::string& option = "") {
    HttpSettings settings;
    set_proxies(environment, option, settings);
    return settings;
}

TEST(Proxies, NoneByDefault) {
    const HttpSettings none = settings({{"PATH", "/bin"}, {"http_proxy", ""}});
    EXPECT_TRUE(none.http_proxy.empty());
    EXPECT_TRUE(none.https_proxy.empty());
    EXPECT_EQ(none.no_proxy, "");
}

TEST(Proxies, EachSchemeItsOwn) {
    const HttpSettings both = settings({{"http_proxy", "http://a"}, {"https_proxy", "http://b"}});
    EXPECT_EQ(both.http_proxy.reveal(), "http://a");
    EXPECT_EQ(both.https_proxy.reveal(), "http://b");
    const HttpSettings capital = settings({{"HTTPS_PROXY", "http://b"}, {"NO_PROXY", "x,.y"}});
    EXPECT_EQ(capital.https_proxy.reveal(), "http://b");
    EXPECT_TRUE(capital.http_proxy.empty());
    EXPECT_EQ(capital.no_proxy, "x,.y");
}

TEST(Proxies, OneForAll) {
    const HttpSettings all = settings({{"all_proxy", "http://c"}, {"https_proxy", "http://b"}});
    EXPECT_EQ(all.http_proxy.reveal(), "http://c");
    EXPECT_EQ(all.https_proxy.reveal(), "http://b");
}

// A web server makes HTTP_PROXY of a header any client may send.
TEST(Proxies, HttpProxyInCapitalsIsIgnored) {
    EXPECT_TRUE(settings({{"HTTP_PROXY", "http://a"}}).http_proxy.empty());
}

TEST(Proxies, TheOptionTakesPrecedence) {
    const HttpSettings given =
        settings({{"http_proxy", "http://a"}, {"no_proxy", "local"}}, "http://u:p@proxy:3128");
    EXPECT_EQ(given.http_proxy.reveal(), "http://u:p@proxy:3128");
    EXPECT_EQ(given.https_proxy.reveal(), "http://u:p@proxy:3128");
    EXPECT_EQ(given.no_proxy, "local");
}

TEST(Proxies, WhatMustNotBeTold) {
    EXPECT_THAT(
        proxy_secrets(settings({{"http_proxy", "http://u:p%2Fw@a"}, {"https_proxy", "http://b"}})),
        testing::UnorderedElementsAre("u:p%2Fw", "p%2Fw", "dTpwL3c="));
    EXPECT_THAT(proxy_secrets(settings({})), testing::IsEmpty());
}

}  // namespace
}  // namespace onemarket
