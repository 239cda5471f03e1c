// SPDX-License-Identifier: Apache-2.0
#include "daemon/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "tests/support/support.h"

namespace onemarket {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;
using Types = std::set<std::string, std::less<>>;

// One key: a value that is right and what it does, and values that are wrong.
struct Key {
    std::string name;
    std::string value;
    std::function<bool(const Config&)> applied;
    std::vector<std::string> wrong;
};

const std::vector<Key> kKeys = {
    {"LOG_LEVEL",
     "warning",
     [](const Config& c) { return c.log_level == LogLevel::warning; },
     {"", "loud", "3", "info,debug"}},
    {"LOG_MB", "7", [](const Config& c) { return c.log_megabytes == 7; }, {"", "0", "10001", "x"}},
    {"LOG_FILES", "0", [](const Config& c) { return c.log_files == 0; }, {"", "-1", "101", "1.5"}},
    {"TRANSFERS", "3", [](const Config& c) { return c.transfers == 3; }, {"", "257", "two"}},
    {"BANDWIDTH_MB",
     "50",
     [](const Config& c) { return c.bandwidth_megabytes == 50; },
     {"", "-1", "1000001", "fast"}},
    {"S3_PARALLEL_PARTS",
     "8",
     [](const Config& c) { return c.s3_parallel_parts == 8; },
     {"", "0", "65", "four"}},
    {"SHA256", "no", [](const Config& c) { return !c.sha256; }, {"", "maybe", "1"}},
    {"QUEUE_REQUESTS",
     "77",
     [](const Config& c) { return c.queue_requests == 77; },
     {"", "0", "1000001", "99999999999999999999"}},
    {"QUEUE_MB",
     "9",
     [](const Config& c) { return c.queue_megabytes == 9; },
     {"", "0", "100001", "9 MB", "0x9"}},
    {"CA_FILE",
     "/etc/ca.pem",
     [](const Config& c) { return c.ca_file == "/etc/ca.pem"; },
     {"", "ca.pem", "./ca.pem"}},
    {"TLS_VERIFY", "No", [](const Config& c) { return !c.tls_verify; }, {"", "maybe", "0"}},
    {"TLS_UNVERIFIED_HOSTS",
     "Old.example, [::1]",
     [](const Config& c) {
         return c.tls_unverified_hosts == std::vector<std::string>{"old.example", "[::1]"};
     },
     {"https://old.example", "-o", "a;b", "127.0.0.1:443", "[::1]:443", "ok, old.example:1"}},
    {"DOWNLOAD_CONNECTIONS",
     "2",
     [](const Config& c) { return c.download_connections == 2; },
     {"", "0", "17"}},
    {"MONITOR_TIMEOUT",
     "11",
     [](const Config& c) { return c.monitor_timeout == seconds(11); },
     {"", "0", "86401", "1m"}},
    {"DELETE_TIMEOUT",
     "12",
     [](const Config& c) { return c.delete_timeout == seconds(12); },
     {"", "0", "86401", "-5"}},
    {"SHUTDOWN_GRACE",
     "0",
     [](const Config& c) { return c.shutdown_grace == seconds(0); },
     {"", "4", "1s"}},
    {"RESUME_IMPORTS", "no", [](const Config& c) { return !c.resume_imports; }, {"", "maybe", "0"}},
    {"DELETE_RETRY",
     "7",
     [](const Config& c) { return c.delete_retry == std::chrono::seconds(7); },
     {"", "0", "86401", "1m"}},
    {"METRICS_LISTEN",
     "[::1]:9911",
     [](const Config& c) { return c.metrics_listen == "[::1]:9911"; },
     {"9911", "localhost:9911", "metrics.sock"}},
    {"METRICS_FILE",
     "/m/x.prom",
     [](const Config& c) { return c.metrics_file == "/m/x.prom"; },
     {"x.prom", "/m/x", "/m/"}},
    {"SCRIPT_OUTPUT_MB",
     "5",
     [](const Config& c) { return c.script_output_megabytes == 5; },
     {"", "0", "1025"}},
    {"MARKET_SCRIPTS",
     "http, s3",
     [](const Config& c) {
         return c.scripts.markets == Types{"http", "s3"};
     },
     {"../x", "a/b", ".hidden", "http;s3"}},
    {"DATASTORE_SCRIPTS",
     "fs,ceph",
     [](const Config& c) {
         return c.scripts.datastores == Types{"ceph", "fs"};
     },
     {"../x", "a/b", ".", "fs;ceph"}},
};

Config parse(const std::string& text) {
    return parse_config(text, "test.conf");
}

TEST(Config, TheTableHereHasEveryKey) {
    std::vector<std::string_view> names;
    for (const Key& key : kKeys) names.push_back(key.name);
    EXPECT_EQ(config_keys(), names);
}

TEST(Config, EveryKeyApplies) {
    for (const Key& key : kKeys) {
        ASSERT_FALSE(key.applied(Config{})) << key.name << ": the test's value is the default";
        for (const std::string& line :
             {key.name + "=\"" + key.value + "\"\n", key.name + " = \" " + key.value + " \"",
              key.name + "=\"" + key.value + "\"\r\n"}) {
            const Config config = parse(line);
            EXPECT_TRUE(key.applied(config)) << line;
            EXPECT_THAT(config.problems, IsEmpty()) << line;
        }
    }
}

TEST(Config, KeysAndLevelsInAnyCase) {
    EXPECT_TRUE(parse("log_level=\"ERROR\"").log_level == LogLevel::error);
    EXPECT_TRUE(parse("Log_Level=Debug").log_level == LogLevel::debug);
    EXPECT_TRUE(parse("LOG_LEVEL=info").log_level == LogLevel::info);
}

TEST(Config, EveryKeyRefusesWrongValues) {
    for (const Key& key : kKeys) {
        for (const std::string& value : key.wrong) {
            const Config config = parse("\n" + key.name + "=\"" + value + "\"\n");
            EXPECT_THAT(config.problems,
                        ElementsAre(StartsWith("test.conf, line 2: " + key.name + ": expected ")))
                << value;
        }
    }
}

TEST(Config, EveryKeyRefusesAVector) {
    for (const Key& key : kKeys) {
        const Config config = parse(key.name + "=[A=\"1\"]");
        EXPECT_THAT(config.problems,
                    ElementsAre("test.conf, line 1: " + key.name + ": expected a single value"));
    }
}

TEST(Config, EveryKeyKeepsItsDefaultWhenWrong) {
    std::string text;
    for (const Key& key : kKeys) text += key.name + "=[A=\"1\"]\n";
    const Config config = parse(text);
    EXPECT_EQ(config.problems.size(), kKeys.size());
    const Config standard;
    EXPECT_EQ(config.log_level, standard.log_level);
    EXPECT_EQ(config.queue_requests, standard.queue_requests);
    EXPECT_EQ(config.shutdown_grace, standard.shutdown_grace);
    EXPECT_EQ(config.scripts.markets, standard.scripts.markets);
}

TEST(Config, WhatIsRightAppliesBesideWhatIsWrong) {
    const Config config = parse(
        "LOG_MB=\"7\"\n"
        "QUEUE_MB=\"lots\"\n"
        "COLOUR=\"red\"\n"
        "TRANSFERS=\"3\"\n");
    EXPECT_EQ(config.log_megabytes, 7U);
    EXPECT_EQ(config.transfers, 3U);
    EXPECT_EQ(config.queue_megabytes, Config{}.queue_megabytes);
    EXPECT_THAT(config.problems,
                ElementsAre("test.conf, line 2: QUEUE_MB: expected a whole number from 1 to 100000",
                            "test.conf, line 3: unknown key COLOUR"));
}

TEST(Config, UnknownKeyWithItsLine) {
    EXPECT_THAT(parse("# a comment\n\nLOG_MB=1\n\n  LOGMB=\"1\"\n").problems,
                ElementsAre("test.conf, line 5: unknown key LOGMB"));
    EXPECT_THAT(parse("A=[B=\"1\"]").problems, ElementsAre("test.conf, line 1: unknown key A"));
}

TEST(Config, SyntaxErrorWithItsLine) {
    for (const auto* text : {"LOG_MB=\"1\"\nthis is no template\n", "LOG_MB=\"1\"\n=\n",
                             "\nLOG_MB=[A=\n", "LOG_MB=1\nLOG_FILES=\"never closed"}) {
        const Config config = parse(text);
        EXPECT_THAT(config.problems, ElementsAre(StartsWith("test.conf, line "))) << text;
    }
    EXPECT_THAT(parse("LOG_MB=\"1\"\n]\n").problems,
                ElementsAre(StartsWith("test.conf, line 2: ")));
}

TEST(Config, ASyntaxErrorDoesNotCostTheOtherLines) {
    const Config config = parse(
        "LOG_MB=\"7\"\n"
        "this is no attribute\n"
        "# fine\n"
        "TRANSFERS=\"3\"\n"
        "COLOUR=\"red\"\n");
    EXPECT_EQ(config.log_megabytes, 7U);
    EXPECT_EQ(config.transfers, 3U);
    EXPECT_THAT(config.problems, ElementsAre(StartsWith("test.conf, line 2: "),
                                             "test.conf, line 5: unknown key COLOUR"));
}

// What is not understood may have said whom to trust.
TEST(Config, AFaultThatCouldHideWhomToTrustEndsTls) {
    const std::string ca = "CA_FILE = \"/etc/site-ca.pem\"\n";
    for (const std::string& text :
         {std::string("CA_FILE = rel\n"), std::string("CA_FILE \"/etc/site-ca.pem\"\n"),
          std::string("CA_FILE: \"/etc/site-ca.pem\"\n"), std::string("CA_FIEL = /etc/ca.pem\n"),
          std::string("LOG_LEVEL = \"debug\n#\nCA_FILE = /etc/site-ca.pem\"\n"),
          std::string("LOG_LEVEL = [A=\"1\",\nCA_FILE = \"/etc/site-ca.pem\"]\n"),
          std::string("METRICS_FILE = \"/a\n#\nCA_FILE = /a.prom\"\n"),
          "LOG_MB = 7\n" + std::string(1, '\0') + "\n" + ca}) {
        const Config config = parse(text);
        EXPECT_THAT(config.no_tls, StartsWith("test.conf")) << text;
        EXPECT_THAT(config.problems, testing::Contains(config.no_tls)) << text;
    }
    for (const std::string& text :
         {std::string("LOG_MB = many\n"), std::string("MARKET_SCRIPTS = ../x\n"), ca})
        EXPECT_EQ(parse(text).no_tls, "") << text;
    for (const std::string& text : {"LOG_MB = 7 " + ca, "LOG_LEVEL = \"debug\n" + ca})
        EXPECT_EQ(parse(text).ca_file, "/etc/site-ca.pem") << text;
}

TEST(Config, ManyFaultsHideNothing) {
    std::string text;
    for (int i = 0; i < 1000; ++i) text += "LOG_MB = many\n";
    const Config config = parse(text + "CA_FILE = rel\n");
    EXPECT_EQ(config.problems.size(), 100U);
    EXPECT_EQ(config.no_tls, "test.conf, line 1001: CA_FILE: expected a path from the root");
    EXPECT_EQ(parse(text + "CA_FILE = /a\n").ca_file, "/a");
}

TEST(Config, OfARepeatedKeyTheLastCorrectValueCounts) {
    EXPECT_EQ(parse("LOG_MB=7\nLOG_MB=8\nLOG_MB=x\n").log_megabytes, 8U);
    const std::string hosts = "TLS_UNVERIFIED_HOSTS = ";
    EXPECT_THAT(parse(hosts + "a\n" + hosts + "b\n").tls_unverified_hosts, ElementsAre("b"));
    EXPECT_THAT(parse(hosts + "a\n" + hosts + "\"\"\n").tls_unverified_hosts, IsEmpty());
    EXPECT_THAT(parse(hosts + "a\n" + hosts + "\"b, c:1\"\n").tls_unverified_hosts,
                ElementsAre("a"));
}

TEST(Config, LinesMayEndInCr) {
    EXPECT_EQ(parse("# a comment\rCA_FILE = /a\rLOG_MB = 7\r").ca_file, "/a");
    EXPECT_THAT(parse("\r\r\n\rLOG_MB = x\r").problems,
                ElementsAre(StartsWith("test.conf, line 4: ")));
}

TEST(Config, CommentsAndEmptyText) {
    for (const auto* text : {"", "\n\n", "# nothing", "# nothing\n", "#", "\n#\n# LOG_MB=\"x\"",
                             "# CRLF\r\n", "  # indented"}) {
        EXPECT_THAT(parse(text).problems, IsEmpty()) << text;
    }
    const Config config = parse("LOG_MB=\"7\"\n# a comment at the end without newline");
    EXPECT_EQ(config.log_megabytes, 7U);
    EXPECT_THAT(config.problems, IsEmpty());
    EXPECT_EQ(parse("LOG_MB=\"7\" # behind a value").log_megabytes, 7U);
}

TEST(Config, EmptyListsOfScriptsAreRight) {
    const Config config = parse("MARKET_SCRIPTS=\"\"\nDATASTORE_SCRIPTS=\" , \"");
    EXPECT_THAT(config.problems, IsEmpty());
    EXPECT_THAT(config.scripts.markets, IsEmpty());
}

TEST(Config, AFileIsReadAndNamed) {
    const test::TempDir dir;
    test::write_file(dir / "x.conf", "LOG_MB=\"7\"\nLOG_FILES=\"x\"");
    const Config config = load_config(dir / "x.conf");
    EXPECT_EQ(config.log_megabytes, 7U);
    EXPECT_THAT(config.problems, ElementsAre(StartsWith(dir / "x.conf" + ", line 2: LOG_FILES")));
}

TEST(Config, AMissingFileIsNoProblem) {
    const test::TempDir dir;
    const Config config = load_config(dir / "x.conf");
    EXPECT_THAT(config.problems, IsEmpty());
    EXPECT_EQ(config.log_megabytes, Config{}.log_megabytes);
}

// A driver that does not start stops oned from booting: nothing here may throw.
TEST(Config, AFileThatCannotBeReadIsAProblem) {
    const test::TempDir dir;
    std::filesystem::create_directory(dir / "folder");
    std::filesystem::create_symlink("loop", dir / "loop");
    for (const auto* name : {"folder", "loop"}) {
        Config config;
        EXPECT_NO_THROW(config = load_config(dir / name)) << name;
        EXPECT_THAT(config.problems, ElementsAre(StartsWith(dir / name + ": "))) << name;
        EXPECT_THAT(config.no_tls, StartsWith(dir / name + ": "));
    }
    test::write_file(dir / "large", "CA_FILE = /a\n" + std::string(2 << 20, '#'));
    EXPECT_THAT(load_config(dir / "large").no_tls, HasSubstr("more than"));
}

TEST(Config, NoiseDoesNoHarm) {
    for (unsigned seed = 0; seed < 50; ++seed) EXPECT_NO_THROW(parse(test::noise(1000, seed)));
}

}  // namespace
}  // namespace onemarket
