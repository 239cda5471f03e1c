// SPDX-License-Identifier: Apache-2.0
#include "daemon/downloader/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace onemarket {
namespace {

using testing::HasSubstr;
using Words = std::vector<std::string>;

const std::string kMd5(32, 'a'), kSha1(40, 'b'), kSha256(64, 'c');

// Options as one line, for tables: "src dst MD5=aa l=5 c=6 -no"; the reason where there are none.
std::string show(const Words& arguments) {
    const Result<DownloaderOptions> options = parse_downloader_options(arguments);
    if (!options) return "failed: " + options.reason();
    std::string text = options->source + " " + options->destination;
    for (const ExpectedHash& hash : options->hashes) text += " " + hash.algorithm + "=" + hash.hex;
    if (options->rate) text += " l=" + std::to_string(*options->rate);
    if (options->most) text += " c=" + std::to_string(*options->most);
    if (!options->unpack) text += " n";
    if (!options->retry) text += " o";
    if (options->version) text += " V";
    return text;
}

TEST(DownloaderOptions, SourceAndDestination) {
    EXPECT_EQ(show({"http://h/a?b=c&d e", "/var/x"}), "http://h/a?b=c&d e /var/x");
    EXPECT_EQ(show({"/a b", "-"}), "/a b -");
    EXPECT_EQ(show({"relative", "dst"}), "relative dst");
    EXPECT_EQ(show({"--", "-src", "-dst"}), "-src -dst");
    EXPECT_EQ(show({"-n", "--", "--md5", "-"}), "--md5 - n");
}

TEST(DownloaderOptions, AsTheSitesScriptsCallIt) {
    EXPECT_EQ(show({"--md5", kMd5, "--limit", "10M", "--nodecomp", "s", "d"}),
              "s d MD5=" + kMd5 + " l=10485760 n");
    EXPECT_EQ(show({"-m", kMd5, "-s", kSha1, "-n", "-o", "s", "-"}),
              "s - MD5=" + kMd5 + " SHA1=" + kSha1 + " n o");
    EXPECT_EQ(show({"-c", "131072", "--nodecomp", "--noretry", "s", "-"}), "s - c=131072 n o");
    EXPECT_EQ(show({"--sha1", kSha1, "--sha256", kSha256, "s", "d"}),
              "s d SHA1=" + kSha1 + " SHA256=" + kSha256);
}

TEST(DownloaderOptions, WaysToWriteAValue) {
    for (const Words& way : std::vector<Words>{{"--max-size", "5", "s", "d"},
                                               {"--max-size=5", "s", "d"},
                                               {"-c", "5", "s", "d"},
                                               {"-c5", "s", "d"},
                                               {"s", "d", "-c", "5"},
                                               {"s", "-c", "5", "d"}})
        EXPECT_EQ(show(way), "s d c=5");
    EXPECT_EQ(show({"-no", "s", "d"}), "s d n o");
    // Twice: the last counts.
    EXPECT_EQ(show({"-m", kSha1, "-m", kMd5, "-c1", "s", "d", "-m", "x"}).substr(0, 6), "failed");
    EXPECT_EQ(show({"-l", "1", "-m", "x", "-l", "10M", "s", "d", "--md5", kMd5}),
              "s d MD5=" + kMd5 + " l=10485760");
    EXPECT_EQ(show({"-m", std::string(32, 'A'), "s", "d"}), "s d MD5=" + kMd5);
    EXPECT_EQ(show({"-l", "100B", "-c", "7b", "s", "d"}), "s d l=100 c=7");
}

TEST(DownloaderOptions, ALimitOfNothingIsNone) {
    for (const char* none : {"0", "0k", "0B"}) EXPECT_EQ(show({"-l", none, "s", "d"}), "s d");
    EXPECT_EQ(show({"-l", "10M", "-l", "0", "s", "d"}), "s d");
    EXPECT_EQ(show({"-c", "0", "s", "d"}), "s d c=0");
}

TEST(DownloaderOptions, NamesOfStdout) {
    for (const char* name : {"/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "-"})
        EXPECT_EQ(show({"s", name}), "s -");
    EXPECT_EQ(show({"s", "--", "/dev/fd/2"}), "s /dev/fd/2");
    EXPECT_EQ(show({"--", "s", "--x="}), "s --x=");
}

TEST(DownloaderOptions, WhatIsWrongIsSaid) {
    const std::vector<std::pair<Words, std::string>> cases = {
        {{}, "SOURCE and DEST are required"},
        {{"s"}, "SOURCE and DEST are required"},
        {{"", "d"}, "SOURCE and DEST are required"},
        {{"s", ""}, "SOURCE and DEST are required"},
        {{"--", "s"}, "SOURCE and DEST are required"},
        {{"s", "d", "e"}, "e"},
        {{"--", "s", "d", "e"}, "more than SOURCE and DEST: e"},
        {{"--", "s", "d", "--"}, "more than SOURCE and DEST: --"},
        {{"--colour", "s", "d"}, "unknown option --colour"},
        {{"--colour"}, "unknown option --colour"},
        {{"--mdd5", kMd5, "s", "d"}, "unknown option --mdd5"},
        {{"-x", "s", "d"}, "unknown option -x"},
        {{"--md5=", "s", "d"}, "option --md5 has no value"},
        {{"s", "d", "--limit="}, "option --limit has no value"},
        {{"s", "d", "--md5"}, "--md5"},
        {{"--md5", "abc", "s", "d"}, "--md5 'abc': expected 32 hex digits"},
        {{"--md5", "", "s", "d"}, "--md5 '': expected 32 hex digits"},
        {{"--md5", std::string(32, 'g'), "s", "d"}, "expected 32 hex digits"},
        {{"--md5", kSha1, "s", "d"}, "expected 32 hex digits"},
        {{"--sha1", kMd5, "s", "d"}, "expected 40 hex digits"},
        {{"--sha256", kMd5, "s", "d"}, "expected 64 hex digits"},
        {{"--limit", "fast", "s", "d"}, "--limit 'fast': expected bytes a second"},
        {{"--limit", "-5", "s", "d"}, "-5"},
        {{"--max-size", "x", "s", "d"}, "--max-size 'x': expected a number of bytes"},
        {{"--max-size", "5", "--md5", kMd5, "s", "d"},
         "Hash check not supported for partial downloads"},
        {{"--nodecomp=maybe", "s", "d"}, "option --nodecomp takes no value"},
        {{"--nodecomp=false", "s", "d"}, "option --nodecomp takes no value"},
        {{"s", "d", "--noretry=0"}, "option --noretry takes no value"},
    };
    for (const auto& [arguments, reason] : cases) {
        EXPECT_THAT(show(arguments), HasSubstr("failed: "));
        EXPECT_THAT(show(arguments), HasSubstr(reason));
    }
}

TEST(DownloaderOptions, HelpAndVersionNeedNoMore) {
    EXPECT_THAT(parse_downloader_options({"--help"})->help, HasSubstr("--sha256"));
    EXPECT_THAT(parse_downloader_options({"-h", "s"})->help, HasSubstr("[OPTIONS] SOURCE DEST\n"));
    EXPECT_TRUE(parse_downloader_options({"--version"})->version);
    EXPECT_TRUE(parse_downloader_options({"-V"})->version);
    EXPECT_TRUE(parse_downloader_options({"s", "d"})->help.empty());
}

TEST(DownloaderOptions, NothingMakesItThrow) {
    using std::string_literals::operator""s;
    for (const Words& arguments : std::vector<Words>{{"-"},
                                                     {"--"},
                                                     {"---"},
                                                     {"-="},
                                                     {"--="},
                                                     {"--limit="},
                                                     {"-l="},
                                                     {"-c"},
                                                     {"\xFF\xFE"},
                                                     {"-\xFF"},
                                                     {"a\0b"s},
                                                     {"", ""},
                                                     {"\n", "\n"},
                                                     {"[", "]"},
                                                     {"-m", "-s", "-l"}})
        EXPECT_NO_THROW(parse_downloader_options(arguments)) << testing::PrintToString(arguments);
}

TEST(ParseBytes, Units) {
    const std::vector<std::pair<std::string, std::optional<uint64_t>>> cases = {
        {"0", 0},
        {"1024", 1024},
        {"500k", 512'000},
        {"500K", 512'000},
        {"10M", 10'485'760},
        {"2G", 2'147'483'648},
        {"1T", 1'099'511'627'776},
        {"1kB", 1000},
        {"1KB", 1000},
        {"3mb", 3'000'000},
        {"2GB", 2'000'000'000},
        {"1TB", 1'000'000'000'000},
        {"18446744073709551615", ~uint64_t{0}},
        {"16777215T", uint64_t{16'777'215} << 40},
        {"16777216T", std::nullopt},
        {"18446744073709551616", std::nullopt},
        {"", std::nullopt},
        {"k", std::nullopt},
        {"B", std::nullopt},
        {"0B", 0},
        {"100B", 100},
        {"100b", 100},
        {"1BB", std::nullopt},
        {"1x", std::nullopt},
        {"1kk", std::nullopt},
        {"1kiB", std::nullopt},
        {"1.5M", std::nullopt},
        {"-1", std::nullopt},
        {"+1", std::nullopt},
        {" 1", std::nullopt},
        {"1 ", std::nullopt},
        {"0x10", std::nullopt},
    };
    for (const auto& [text, bytes] : cases) EXPECT_EQ(parse_bytes(text), bytes) << text;
}

}  // namespace
}  // namespace onemarket
