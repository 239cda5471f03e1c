// SPDX-License-Identifier: Apache-2.0
#include "daemon/environment.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <string>
#include <vector>

namespace onemarket {
namespace {

struct RcCase {
    const char* name;
    std::string text;
    Environment expected;
};

TEST(Environment, PlainAssignmentsOfAnRc) {
    const std::vector<RcCase> cases = {
        {"empty", "", {}},
        {"as it is shipped",
         "# Default priority\nPRIORITY=19\n#ONE_MAD_DEBUG=1\n\n",
         {{"PRIORITY", "19"}}},
        {"without newline at the end", "A=1", {{"A", "1"}}},
        {"several", "A=1\nB=2\n", {{"A", "1"}, {"B", "2"}}},
        {"the last one counts", "A=1\nA=2\n", {{"A", "2"}}},
        {"export", "export A=1\n", {{"A", "1"}}},
        {"export, many blanks", "  export   A=1\n", {{"A", "1"}}},
        {"double quotes", "A=\"x y\"\n", {{"A", "x y"}}},
        {"single quotes", "A='x y'\n", {{"A", "x y"}}},
        {"quotes within others", "A='\"x\"'\n", {{"A", "\"x\""}}},
        {"quotes that do not match", "A=\"x'\n", {{"A", "\"x'"}}},
        {"one quote alone", "A=\"\n", {{"A", "\""}}},
        {"empty value", "A=\nB=\"\"\n", {{"A", ""}, {"B", ""}}},
        {"equals sign in the value", "A=b=c\n", {{"A", "b=c"}}},
        {"indented, CR at the end", "  A=1\r\n", {{"A", "1"}}},
        {"comment behind a value", "A=1 # one\nB=\"2\" # two\n", {{"A", "1"}, {"B", "2"}}},
        {"comment behind no value", "A= # none\n", {{"A", ""}}},
        {"a number sign in a word", "A=x#y\n", {{"A", "x#y"}}},
        {"a number sign in quotes", "A=\"x # y\"\n", {{"A", "x # y"}}},
        {"nothing is evaluated",
         "A=$HOME\nB=`id`\nC=$(id)\n",
         {{"A", "$HOME"}, {"B", "`id`"}, {"C", "$(id)"}}},
        {"names that are none", "1A=1\nA-B=1\nA B=1\n=1\n A =1\n", {}},
        {"what else a shell would do",
         "if [ x = y ]; then\necho A\nfi\nunset A\n. /etc/other=1\n",
         {}},
    };
    for (const auto& c : cases) EXPECT_EQ(parse_rc(c.text), c.expected) << c.name;
}

TEST(Environment, OfScripts) {
    const Environment base{{"PATH", "/bin"}, {"HOME", "/"}};
    EXPECT_EQ(script_environment(base, {}, ""),
              (Environment{{"PATH", "/bin"}, {"HOME", "/"}, {"PRIORITY", "19"}}));
    EXPECT_EQ(script_environment(base, {{"PATH", "/x"}, {"PRIORITY", "5"}}, ""),
              (Environment{{"PATH", "/x"}, {"HOME", "/"}, {"PRIORITY", "5"}}));
    EXPECT_EQ(script_environment({{"PRIORITY", "7"}}, {}, ""), (Environment{{"PRIORITY", "7"}}));
    EXPECT_EQ(script_environment({{"PRIORITY", "7"}}, {{"PRIORITY", "5"}}, ""),
              (Environment{{"PRIORITY", "5"}}));
}

TEST(Environment, ProxyOfScripts) {
    EXPECT_EQ(script_environment({}, {}, "http://p:3128").at("http_proxy"), "http://p:3128");
    EXPECT_EQ(
        script_environment({{"http_proxy", "a"}}, {{"http_proxy", "b"}}, "c").at("http_proxy"),
        "c");
    EXPECT_EQ(script_environment({{"http_proxy", "a"}}, {}, "").at("http_proxy"), "a");
    EXPECT_FALSE(script_environment({}, {}, "").contains("http_proxy"));
}

TEST(Environment, OfTheProcess) {
    ASSERT_EQ(::setenv("ONEMARKET_TEST", "a=b c", 1), 0);
    EXPECT_EQ(current_environment().at("ONEMARKET_TEST"), "a=b c");
    ASSERT_EQ(::unsetenv("ONEMARKET_TEST"), 0);
    EXPECT_FALSE(current_environment().contains("ONEMARKET_TEST"));
}

TEST(Environment, AsAList) {
    EXPECT_EQ(to_list({{"B", "2=3"}, {"A", ""}}), (std::vector<std::string>{"A=", "B=2=3"}));
    EXPECT_TRUE(to_list({}).empty());
}

}  // namespace
}  // namespace onemarket
