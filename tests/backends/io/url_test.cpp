// SPDX-License-Identifier: Apache-2.0
#include "backends/io/url.h"

#include <gtest/gtest.h>

namespace onemarket {
namespace {

struct Case {
    std::string text, origin, path;
};

TEST(Url, AddressesOfServices) {
    const std::vector<Case> cases = {
        {"http://ceph.example:7480", "http://ceph.example:7480", ""},
        {"https://s3.eu-west-1.amazonaws.com/", "https://s3.eu-west-1.amazonaws.com", ""},
        {"HTTPS://Gate.Example/s3//", "https://gate.example", "/s3"},
        {"http://[::1]:9000", "http://[::1]:9000", ""},
        {"http://[2001:db8::7]/a/b", "http://[2001:db8::7]", "/a/b"},
        {"http://10.0.0.1:80", "http://10.0.0.1", ""},
        {"https://host:443/x", "https://host", "/x"},
        {"https://host:80", "https://host:80", ""},
        {"http://host/a%20b/../c", "http://host", "/a%20b/../c"},
    };
    for (const Case& c : cases) {
        const Result<Url> url = parse_url(c.text);
        ASSERT_TRUE(url) << c.text << ": " << url.reason();
        EXPECT_EQ(url->origin(), c.origin) << c.text;
        EXPECT_EQ(url->path, c.path) << c.text;
    }
}

TEST(Url, BytesThatAreNoAsciiAreEncoded) {
    EXPECT_EQ(parse_url("https://host/caf\xc3\xa9/\xff%2f")->path, "/caf%C3%A9/%FF%2f");
}

TEST(Url, WhatIsNone) {
    for (const char* text :
         {"", "host", "host:7480", "//host", "http://", "http:///path", "ftp://host", "file:///etc",
          "http://host:x", "http://host:99999", "http://user:pass@host", "http://user@host",
          "http://host/?a=b", "http://host/#top", "http://a b", "http://host/a b", "http://[::1",
          "http://host\nx", "http://host/\x01"})
        EXPECT_FALSE(parse_url(text)) << text;
}

TEST(Url, CredentialsAreNotRepeated) {
    const Result<Url> url = parse_url("http://user:hunter2@host");
    ASSERT_FALSE(url);
    EXPECT_EQ(url.reason().find("hunter2"), std::string::npos) << url.reason();
}

TEST(Url, RedirectionsAreResolved) {
    const std::string base = "https://host:8443/a/b?c=d";
    for (const auto& [location, expected] : std::vector<std::pair<std::string, std::string>>{
             {"/x", "https://host:8443/x"},
             {"x?y=1", "https://host:8443/a/x?y=1"},
             {"https://other/z#top", "https://other/z"},
             {"http://other", "http://other/"},
             {"//other/z", "https://other/z"},
             {"/caf\xc3\xa9/\xff?a%20b", "https://host:8443/caf%C3%A9/%FF?a%20b"},
             {"https://other/\xff", "https://other/%FF"}}) {
        const Result<std::string> url = resolve_location(base, location);
        ASSERT_TRUE(url) << location << ": " << url.reason();
        EXPECT_EQ(*url, expected) << location;
    }
    for (const char* location :
         {"ftp://other/z", "file:///etc/passwd", "http://u:p@other/", "http://u@other/",
          "https://a b/", "x\ny", "http://[::1", "http:///etc/passwd"})
        EXPECT_FALSE(resolve_location(base, location)) << location;
}

TEST(Url, WithoutQuery) {
    EXPECT_EQ(without_query("https://h/a?token=x"), "https://h/a");
    EXPECT_EQ(without_query("https://h/a"), "https://h/a");
}

TEST(Url, Origin) {
    EXPECT_EQ(origin_of("http://host:80/a?b"), "http://host:80");
    EXPECT_EQ(origin_of("https://[::1]?a/b"), "https://[::1]");
    EXPECT_EQ(origin_of("http://host"), "http://host");
}

TEST(Url, WhatMayBeTold) {
    EXPECT_EQ(tellable("https://u:p@h/a?token=x"), "https://h/a");
    EXPECT_EQ(tellable("HTTP://u:p@x@h:1/a@b"), "HTTP://h:1/a@b");
    EXPECT_EQ(tellable("http://h?x@y"), "http://h");
    for (const char* text : {"/a/path?b@c", "ssh://u@host:/a?b", "rbd://u@h/p/i?CEPH_USER=a"})
        EXPECT_EQ(tellable(text), text);
}

TEST(Url, AddressOrName) {
    for (const char* text : {"http://10.0.0.1", "http://[::1]:1"})
        EXPECT_TRUE(is_ip_address(*parse_url(text))) << text;
    for (const char* text : {"http://localhost", "http://10.example", "http://a.1.2.3.b"})
        EXPECT_FALSE(is_ip_address(*parse_url(text))) << text;
}

TEST(Url, PercentEncoding) {
    EXPECT_EQ(percent_encode("AZaz09-._~"), "AZaz09-._~");
    EXPECT_EQ(percent_encode("a b+c/d%e\n\xc3\xa9*"), "a%20b%2Bc%2Fd%25e%0A%C3%A9%2A");
    EXPECT_EQ(percent_encode("/a b/", "/"), "/a%20b/");
    EXPECT_EQ(percent_encode(std::string("\0", 1)), "%00");
}

TEST(Url, PercentDecoding) {
    EXPECT_EQ(percent_decode("a%20b%2Bc%2fd%25e%0A%C3%A9"), "a b+c/d%e\n\xc3\xa9");
    EXPECT_EQ(percent_decode("100% %4 %zz %"), "100% %4 %zz %");
}

TEST(Address, WhatPeopleWriteIsEncoded) {
    const auto url = [](std::string_view text) { return parse_address(text)->url; };
    EXPECT_EQ(url("http://host/a/b.img?x=1&y=2"), "http://host/a/b.img?x=1&y=2");
    EXPECT_EQ(url("https://host:8443/two words/'single' \"double\""),
              "https://host:8443/two%20words/'single'%20%22double%22");
    EXPECT_EQ(url("http://host/caf\xc3\xa9/a%20b/$(x)`y`\n"),
              "http://host/caf%C3%A9/a%20b/$(x)%60y%60%0A");
    EXPECT_EQ(url("http://host/../a/./b"), "http://host/../a/./b");
    EXPECT_EQ(url("http://host/a#part"), "http://host/a");
    EXPECT_EQ(url("HTTP://[::1]:80/a"), "http://[::1]:80/a");
}

TEST(Address, CredentialsAreTakenOut) {
    const Result<Address> address = parse_address("https://tenant:pa%3Ass%40@host/a");
    EXPECT_EQ(address->url, "https://host/a");
    EXPECT_EQ(address->authorization.reveal(), "Basic dGVuYW50OnBhOnNzQA==");
    EXPECT_EQ(parse_address("http://u@host/a")->authorization.reveal(), "Basic dTo=");
    EXPECT_TRUE(parse_address("http://host/a@b")->authorization.empty());
}

// libcurl decodes a host's name, and takes any bytes for one.
TEST(Address, HostIsText) {
    EXPECT_TRUE(parse_address("http://b\xc3\xbc.example/a"));
    for (const char* text : {"http://a\xff/b", "http://a%ff/b", "http://a%7f/b",
                             "http://a%%440\xa2/b", "http://a%2544/b"}) {
        EXPECT_EQ(parse_address(text).reason(), "has a host whose name is none");
        EXPECT_EQ(parse_url(text).reason(), "has a host whose name is none");
        EXPECT_EQ(resolve_location("http://host/", text).reason(), "has a host whose name is none");
    }
    EXPECT_EQ(parse_url("http://%38/a")->host, "0.0.0.8") << "as of http://8/a";
}

TEST(Address, WhatIsNone) {
    for (const char* text : {"", "host/a", "ftp://host/a", "http://", "http:///a", "http://a b/c",
                             "http://host:port/a", "file:///etc/passwd", "http://u:hunter2@/a"}) {
        const Result<Address> address = parse_address(text);
        ASSERT_FALSE(address) << text;
        EXPECT_EQ(address.reason().find("hunter2"), std::string::npos);
    }
    for (const char* text : {"http://host:99999/a", "http://host:port/a"})
        EXPECT_EQ(parse_address(text).reason(), "has a port that is none");
}

}  // namespace
}  // namespace onemarket
