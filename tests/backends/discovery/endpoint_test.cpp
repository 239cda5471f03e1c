// SPDX-License-Identifier: Apache-2.0
#include "backends/discovery/endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/backends/helpers.h"

namespace onemarket {
namespace {

const std::string kHarmless =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~:+,=@/";

TEST(Endpoint, NoOtherCharacterIsPlain) {
    for (int byte = 0; byte < 256; ++byte) {
        const char c = static_cast<char>(byte);
        EXPECT_EQ(is_plain(std::string("a") + c + "b"), kHarmless.find(c) != std::string::npos)
            << byte;
    }
    EXPECT_FALSE(is_plain("a/../b"));
    EXPECT_TRUE(is_plain(""));
}

TEST(Endpoint, PlainAddresses) {
    for (const auto& [text, expected] : std::vector<std::pair<std::string, std::string>>{
             {"https://images.example:8443/a-b/v1.0~x,y=z@1:2+3/",
              "https://images.example:8443/a-b/v1.0~x,y=z@1:2+3"},
             {"http://10.0.0.1:80", "http://10.0.0.1"},
             {"http://[2001:db8::7]:9000/x", "http://[2001:db8::7]:9000/x"}}) {
        const Result<std::string> address = plain_address(text);
        ASSERT_TRUE(address) << text << ": " << address.reason();
        EXPECT_EQ(*address, expected);
    }
}

TEST(Endpoint, WhatAShellWouldTakeForMoreIsNone) {
    for (const char* text : {"http://h/x$(touch${IFS}/tmp/y)",
                             "http://h/`id`",
                             "http://h/a;b",
                             "http://h/a&b",
                             "http://h/a|b",
                             "http://h/a'b",
                             "http://h/a\"b",
                             "http://h/a\\b",
                             "http://h/a*b",
                             "http://h/a(b)",
                             "http://h/a{b,c}",
                             "http://h/a<b",
                             "http://h/a>b",
                             "http://h/a!b",
                             "http://h/[a]",
                             "http://h/a%20b",
                             "http://h/\xc3\xa9",
                             "http://h/a/../b",
                             "http://h$(id)/",
                             "http://h;id/",
                             "http://h'/",
                             "http://%24%28id%29/",
                             "http://h/a?b",
                             "http://h/a#b",
                             "http://u:hunter2@h/",
                             "http://h/a b",
                             "http://h/a\nb",
                             "ftp://h/",
                             "h",
                             ""}) {
        const Result<std::string> address = plain_address(text);
        ASSERT_FALSE(address) << text << " is taken for " << *address;
        EXPECT_THAT(address.reason(), testing::Not(testing::HasSubstr("hunter2")));
    }
}

}  // namespace
}  // namespace onemarket
