// SPDX-License-Identifier: Apache-2.0
#include "daemon/redact.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "protocol/base64.h"
#include "tests/support/support.h"

namespace onemarket {
namespace {

struct Case {
    const char* name;
    std::string text;
    std::vector<std::string> secrets;
    std::string expected;
};

void check(const std::vector<Case>& cases) {
    for (const auto& c : cases) EXPECT_EQ(redact(c.text, c.secrets), c.expected) << c.name;
}

TEST(Redact, Secrets) {
    check({
        {"nothing to hide", "plain text", {}, "plain text"},
        {"empty", "", {"secret"}, ""},
        {"once", "key=secret!", {"secret"}, "key=***!"},
        {"all of it", "secret", {"secret"}, "***"},
        {"every occurrence", "secret, secretsecret", {"secret"}, "***, ******"},
        {"several", "a: hunter2, b: s3cret", {"s3cret", "hunter2"}, "a: ***, b: ***"},
        {"other case is another word", "SECRET", {"secret"}, "SECRET"},
        {"four bytes", "abcd", {"abcd"}, "***"},
        {"fewer are no secret", "abc, a", {"abc", "a"}, "abc, a"},
        {"an empty secret", "text", {""}, "text"},
        {"shorter than what replaces it would loop", "**** ****", {"****"}, "*** ***"},
        {"with special characters", "p: a.*[$1]\\", {"a.*[$1]\\"}, "p: ***"},
    });
}

// No part of a secret may be left, whatever the order of the list.
TEST(Redact, SecretsThatShareText) {
    for (const auto& secrets : std::vector<std::vector<std::string>>{{"hunter2", "hunter2-admin"},
                                                                     {"hunter2-admin", "hunter2"}})
        EXPECT_EQ(redact("with hunter2-admin and hunter2", secrets), "with *** and ***");
}

TEST(Redact, Payloads) {
    const std::string longest_word(200, 'a');
    check({
        {"200 characters are a word", longest_word, {}, longest_word},
        {"201 are a payload", longest_word + "b", {}, "<payload>"},
        {"in a text", "of " + longest_word + "b: bad", {}, "of <payload>: bad"},
        {"at both ends", longest_word + "b " + longest_word + "b", {}, "<payload> <payload>"},
        {"broken by a blank",
         longest_word + " " + longest_word,
         {},
         longest_word + " " + longest_word},
        {"with the whole alphabet", longest_word + "+/09AZaz==", {}, "<payload>"},
    });
    const std::string payload = base64_encode(test::noise(100'000));
    EXPECT_EQ(redact("Argument list too long: import " + payload + " 5", {}),
              "Argument list too long: import <payload> 5");
}

TEST(Redact, BothAtOnce) {
    EXPECT_EQ(redact(std::string(300, 'x') + " s3cret " + std::string(300, 'y'), {"s3cret"}),
              "<payload> *** <payload>");
}

}  // namespace
}  // namespace onemarket
