// SPDX-License-Identifier: Apache-2.0
#include "protocol/credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace onemarket {
namespace {

using testing::ElementsAre;

std::string shown(std::string text) {
    hide_credentials(text);
    return text;
}

TEST(HideCredentials, WhatStandsBeforeAHost) {
    EXPECT_EQ(shown("http://user:pw@proxy:3128"), "http://*******@proxy:3128");
    EXPECT_EQ(shown("http://user:p@w@proxy:3128"), "http://********@proxy:3128");
    EXPECT_EQ(shown("http://user:p/w@proxy"), "http://********@proxy");
}

TEST(HideCredentials, InTheOneArgumentThatOnedGives) {
    EXPECT_EQ(shown("-t 15 -p http://u:p@proxy:3128 -m http,s3"),
              "-t 15 -p http://***@proxy:3128 -m http,s3");
    EXPECT_EQ(shown("-p http://u:p@a\t-p http://v:q@b"), "-p http://***@a\t-p http://***@b");
}

TEST(HideCredentials, QueriesHoldTokens) {
    EXPECT_EQ(shown("https://host/image.qcow2?token=abc"), "https://host/image.qcow2?*********");
    EXPECT_EQ(shown("https://u:p@host/i?t=a@b"), "https://****************");
}

TEST(HideCredentials, NothingElse) {
    for (const char* argument : {"", "-t 15 -m http,s3", "http://proxy:3128", "http://", "://",
                                 "a@b", "what?", "/path?a@b"})
        EXPECT_EQ(shown(argument), argument);
}

TEST(WithoutSecret, WhereverItStands) {
    EXPECT_EQ(without_secret("key and key", "key"), "*** and ***");
    EXPECT_EQ(without_secret("keykey", "key"), "******");
    EXPECT_EQ(without_secret("ke", "key"), "ke");
    EXPECT_EQ(without_secret("text", ""), "text");
    EXPECT_EQ(without_secret("", "key"), "");
}

TEST(WithoutSecret, OfAsterisks) {
    EXPECT_EQ(without_secret("it is *", "*"), "it is ***");
    EXPECT_EQ(without_secret("it is ***", "***"), "it is ***");
    EXPECT_EQ(without_secret("it is ****", "**"), "it is ******");
}

TEST(CredentialsIn, WhatMustNotBeTold) {
    EXPECT_THAT(credentials_in("http://user:pw@host/a"), ElementsAre("user:pw", "pw"));
    EXPECT_THAT(credentials_in("http://user:p@w@host/a@b"), ElementsAre("user:p@w", "p@w"));
    EXPECT_THAT(credentials_in("https://host/a?token=abc"), ElementsAre("token=abc"));
    EXPECT_THAT(credentials_in("s://u:p@h?q"), ElementsAre("u:p", "p", "q"));
    EXPECT_THAT(credentials_in("http://user:pw@[::bad"), ElementsAre("user:pw", "pw"));
}

TEST(CredentialsIn, NothingElse) {
    for (const char* address : {"", "://", "http://host/a:b@c", "ssh://user@host:/path", "/a/b:c@d",
                                "rbd://user@host/pool/image", "user:pw@host"})
        EXPECT_THAT(credentials_in(address), ElementsAre()) << address;
}

}  // namespace
}  // namespace onemarket
