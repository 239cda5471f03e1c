// SPDX-License-Identifier: Apache-2.0
#include "daemon/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace onemarket {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Words = std::vector<std::string>;
using Markets = std::set<std::string, std::less<>>;

// Options as one word a field, for tables: "t15 m[http,s3] w0 p[] -".
std::string show(const Options& options) {
    std::string text = "t" + std::to_string(options.threads) + " m";
    if (options.markets) {
        text += "[";
        for (const auto& type : *options.markets) text += type + ",";
        if (text.back() == ',') text.pop_back();
        text += "]";
    } else {
        text += "*";
    }
    text += " w" + std::to_string(options.timeout.count()) + " p[" + options.proxy + "] ";
    std::string flags;
    if (options.export_stdin) flags += "i";
    if (options.sync) flags += "s";
    if (options.check_config) flags += "c";
    if (options.version) flags += "v";
    if (options.help) flags += "h";
    return text + (flags.empty() ? "-" : flags);
}

struct Case {
    const char* name;
    Words arguments;
    std::string expected;
};

void check_right(const std::vector<Case>& cases) {
    for (const auto& c : cases) {
        const Options options = parse_options(c.arguments);
        EXPECT_EQ(show(options), c.expected) << c.name;
        EXPECT_THAT(options.problems, IsEmpty()) << c.name;
    }
}

TEST(Options, OneArgumentAsOnedPassesIt) {
    check_right({
        {"as configured",
         {"-t 15 -m http,s3,one,linuxcontainers"},
         "t15 m[http,linuxcontainers,one,s3] w0 p[] -"},
        {"many blanks, tab, newline", {"  -t\t20   -m  http \n"}, "t20 m[http] w0 p[] -"},
        {"all of the stock driver's",
         {"-t 3 -m http -w 60 -p http://p:3128 -i"},
         "t3 m[http] w60 p[http://p:3128] i"},
        {"long names",
         {"--threads 3 --market-types s3 --timeout 9 --proxy http://p --stdin"},
         "t3 m[s3] w9 p[http://p] i"},
        {"quotes are characters, as oned knows no shell", {"-m ''"}, "t15 m[''] w0 p[] -"},
        {"empty", {""}, "t15 m* w0 p[] -"},
        {"blanks", {"   "}, "t15 m* w0 p[] -"},
        {"one flag", {"--version"}, "t15 m* w0 p[] v"},
    });
}

TEST(Options, ArgumentsThatAreSplitAlready) {
    check_right({
        {"none", {}, "t15 m* w0 p[] -"},
        {"all of the stock driver's",
         {"-t", "3", "-m", "http,s3", "-w", "60", "-p", "http://p:3128", "-i"},
         "t3 m[http,s3] w60 p[http://p:3128] i"},
        {"blanks in a value", {"-m", "http, s3"}, "t15 m[http,s3] w0 p[] -"},
        {"empty markets", {"-m", ""}, "t15 m* w0 p[] -"},
        {"empty markets, then others", {"-m", "", "-t", "3"}, "t3 m* w0 p[] -"},
    });
}

TEST(Options, WaysToWriteAValue) {
    check_right({
        {"-t15", {"-t20 -mhttp,s3"}, "t20 m[http,s3] w0 p[] -"},
        {"--threads=15", {"--threads=20 --market-types=http"}, "t20 m[http] w0 p[] -"},
        {"odd commas", {"-m ,http,,s3,"}, "t15 m[http,s3] w0 p[] -"},
        {"one type twice", {"-m http,http"}, "t15 m[http] w0 p[] -"},
        {"an equals sign in the value", {"-p http://p/?a=b"}, "t15 m* w0 p[http://p/?a=b] -"},
        {"no value at the end", {"-m http -t"}, "t15 m[http] w0 p[] -"},
        {"no value before another", {"-t -m http"}, "t15 m[http] w0 p[] -"},
        {"flags in one word", {"-ih"}, "t15 m* w0 p[] ih"},
    });
}

TEST(Options, TheDriversOwn) {
    check_right({
        {"--sync", {"--sync"}, "t15 m* w0 p[] s"},
        {"--check-config", {"--check-config"}, "t15 m* w0 p[] c"},
        {"--version", {"--version"}, "t15 m* w0 p[] v"},
        {"-h", {"-h"}, "t15 m* w0 p[] h"},
        {"--help beside others", {"--help", "-t", "3"}, "t3 m* w0 p[] h"},
    });
}

TEST(Options, Limits) {
    check_right({
        {"fewest threads", {"-t 1"}, "t1 m* w0 p[] -"},
        {"most threads", {"-t 256"}, "t256 m* w0 p[] -"},
        {"no time limit", {"-w 0"}, "t15 m* w0 p[] -"},
        {"a long time", {"-w 4294967295"}, "t15 m* w4294967295 p[] -"},
    });
}

// What is wrong is said once, with the word; what is right beside it applies.
struct WrongCase {
    const char* name;
    Words arguments;
    std::string expected;
    std::string word;
};

TEST(Options, WhatIsWrongIsAProblemAndNoMore) {
    const std::vector<WrongCase> cases = {
        {"-t 0", {"-t 0 -m http"}, "t15 m[http] w0 p[] -", "-t"},
        {"-t too many", {"-t 257 -m http"}, "t15 m[http] w0 p[] -", "257"},
        {"-t text", {"-t many -m http"}, "t15 m[http] w0 p[] -", "many"},
        {"-t with a tail", {"-t 15x -m http"}, "t15 m[http] w0 p[] -", "15x"},
        {"-t 99999999999", {"-t 99999999999 -m http"}, "t15 m[http] w0 p[] -", "99999999999"},
        {"-t hex", {"-t 0x10 -m http"}, "t15 m[http] w0 p[] -", "0x10"},
        {"-t with equals and blank", {"--threads=ten -m http"}, "t15 m[http] w0 p[] -", "ten"},
        {"-w text", {"-w soon -m http"}, "t15 m[http] w0 p[] -", "soon"},
        {"-w decimals", {"-w 1.5 -m http"}, "t15 m[http] w0 p[] -", "1.5"},
        {"unknown short option", {"-x -m http"}, "t15 m[http] w0 p[] -", "-x"},
        {"unknown long option", {"--colour -m http"}, "t15 m[http] w0 p[] -", "--colour"},
        {"unknown long option with a value", {"--a=b -m http"}, "t15 m[http] w0 p[] -", "--a"},
        {"a word too many", {"-m http s3"}, "t15 m[http] w0 p[] -", "s3"},
        {"a word first", {"http -t 3"}, "t3 m* w0 p[] -", "http"},
    };
    for (const auto& c : cases) {
        const Options options = parse_options(c.arguments);
        EXPECT_EQ(show(options), c.expected) << c.name;
        EXPECT_THAT(options.problems, ElementsAre(HasSubstr(c.word))) << c.name;
    }
}

// Here the parser itself gives up, and may not take the rest with it.
TEST(Options, WhatTheParserRefusesDoesNotTakeTheRestWithIt) {
    const std::vector<Case> cases = {
        {"-t twice", {"-t 3 -t 4 -m http -w 60"}, "m[http] w60"},
        {"-m twice", {"-m http -m s3 -w 60"}, "w60"},
        {"a flag with a value", {"--sync=maybe -m http -w 60"}, "m[http] w60"},
        {"negative threads", {"-t -1 -m http -w 60"}, "m[http] w60"},
        {"negative seconds", {"-w -1 -m http -t 3"}, "t3 m[http]"},
    };
    for (const auto& c : cases) {
        const Options options = parse_options(c.arguments);
        EXPECT_THAT(show(options), HasSubstr(c.expected)) << c.name;
        EXPECT_FALSE(options.problems.empty()) << c.name;
    }
}

TEST(Options, NoCredentialsAreRepeated) {
    for (const char* arguments :
         {"-P http://u:pass@proxy -m http", "-t http://u:pass@proxy -m http",
          "-w http://u:pass@proxy", "--sync=http://u:pass@proxy", "http://u:pass@proxy"})
        for (const std::string& problem : parse_options({arguments}).problems)
            EXPECT_THAT(problem, Not(HasSubstr("pass"))) << arguments;
}

TEST(Options, NothingMakesItThrow) {
    using std::string_literals::operator""s;
    for (const Words& arguments : std::vector<Words>{{"-"},
                                                     {"--"},
                                                     {"---"},
                                                     {"-t"},
                                                     {"-="},
                                                     {"--="},
                                                     {"--threads="},
                                                     {"-t="},
                                                     {"\xFF\xFE"},
                                                     {"-\xFF"},
                                                     {"a\0b"s},
                                                     {"-m", "\n"},
                                                     {"", ""},
                                                     {"[x"},
                                                     {"-m", "[a,b]"},
                                                     {"-m", "{}"},
                                                     {"-p", "'"},
                                                     {"-p", "\""},
                                                     {std::string(1 << 16, '-')},
                                                     {"@file"},
                                                     {"-- -t 3"}}) {
        EXPECT_NO_THROW(parse_options(arguments)) << testing::PrintToString(arguments);
    }
}

TEST(Options, HelpNamesEveryOption) {
    const std::string help = options_help();
    for (const auto* option : {"-t,--threads", "-m,--market-types", "-w,--timeout", "-p,--proxy",
                               "-i,--stdin", "--sync", "--check-config", "--version", "-h,--help"})
        EXPECT_THAT(help, HasSubstr(option));
}

}  // namespace
}  // namespace onemarket
