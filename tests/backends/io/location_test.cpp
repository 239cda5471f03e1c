// SPDX-License-Identifier: Apache-2.0
#include "backends/io/location.h"

#include <gtest/gtest.h>

#include <string>

namespace onemarket {
namespace {

TEST(SshLocation, IsAHostAndAPathAsItIs) {
    struct Case {
        const char *text, *host, *path;
    };
    for (const Case& c :
         {Case{"ssh://host:/a/path", "host", "/a/path"},
          Case{"ssh://user@h-1.lab:/a", "user@h-1.lab", "/a"},
          Case{"ssh://host:relative", "host", "relative"},
          Case{"ssh://h:/a b?c=%20&d:e'$(x)", "h", "/a b?c=%20&d:e'$(x)"},
          Case{"ssh://h:/a]:b", "h", "/a]:b"}, Case{"ssh://u@[::1]:/a", "u@[::1]", "/a"}}) {
        const Result<SshLocation> location = parse_ssh_location(c.text);
        ASSERT_TRUE(location) << c.text << ": " << location.reason();
        EXPECT_EQ(location->host, c.host);
        EXPECT_EQ(location->path, c.path);
        EXPECT_EQ(location->text(), c.text);
    }
}

TEST(SshLocation, OthersAreRefused) {
    for (const char* text : {"", "ssh:/h:/a", "rbd://h:/a", "ssh://", "ssh://h",
                             "ssh://h:", "ssh://:/a", "ssh://-oProxyCommand=x:/a", "ssh://a b:/c",
                             "ssh://$(x):/a", "ssh://h;ls:/a", "ssh://h/a:b"})
        EXPECT_FALSE(parse_ssh_location(text)) << text;
}

TEST(RbdLocation, HasTheParametersOfCeph) {
    const Result<RbdLocation> full =
        parse_rbd_location("rbd://u@h/pool/img?CEPH_USER=lib&CEPH_KEY=/k&CEPH_CONF=/c.conf");
    ASSERT_TRUE(full);
    EXPECT_EQ(full->host, "u@h");
    EXPECT_EQ(full->image, "pool/img");
    EXPECT_EQ(full->user, "lib");
    EXPECT_EQ(full->keyfile, "/k");
    EXPECT_EQ(full->conf, "/c.conf");
    EXPECT_EQ(full->text(), "rbd://u@h/pool/img?CEPH_USER=lib&CEPH_KEY=/k&CEPH_CONF=/c.conf");

    const Result<RbdLocation> bare = parse_rbd_location("rbd://h/pool/img@snap?DS=7&CEPH_USER=");
    ASSERT_TRUE(bare);
    EXPECT_EQ(bare->image, "pool/img@snap");
    EXPECT_EQ(bare->user + bare->keyfile + bare->conf, "");
    EXPECT_EQ(bare->text(), "rbd://h/pool/img@snap");
}

TEST(RbdLocation, AnythingSurvivesBeingWrittenAndRead) {
    for (const char* value : {"a b", "a&b=c?d#e", "100%", "%41", "%zz%4", "+", "'$(x)`y`\"",
                              "caf\xc3\xa9", "a\nb\tc", "/etc/ceph/one.conf"}) {
        const RbdLocation before{"h", std::string("pool/") + value, value, value, value};
        const std::string text = before.text();
        EXPECT_EQ(text.find_first_of(" \n\t'\"$`#\xc3"), std::string::npos) << text;
        const Result<RbdLocation> after = parse_rbd_location(text);
        ASSERT_TRUE(after) << text;
        EXPECT_EQ(after->image, before.image);
        EXPECT_EQ(after->user, value);
        EXPECT_EQ(after->keyfile, value);
        EXPECT_EQ(after->conf, value);
    }
}

// Scripts write them as they are.
TEST(RbdLocation, WhatIsNotEncodedStandsForItself) {
    const Result<RbdLocation> location =
        parse_rbd_location("rbd://h/pool/a b+c%?CEPH_USER=a+b%2&CEPH_CONF=/c=d%zz%41");
    ASSERT_TRUE(location);
    EXPECT_EQ(location->image, "pool/a b+c%");
    EXPECT_EQ(location->user, "a+b%2");
    EXPECT_EQ(location->conf, "/c=d%zzA");
}

TEST(RbdLocation, OthersAreRefused) {
    for (const char* text : {"", "rbd:/h/p/i", "ssh://h/p", "rbd://", "rbd:///p/i", "rbd://h",
                             "rbd://h/", "rbd://h?CEPH_USER=x", "rbd://-x/p/i", "rbd://a b/p/i"})
        EXPECT_FALSE(parse_rbd_location(text)) << text;
}

}  // namespace
}  // namespace onemarket
