// SPDX-License-Identifier: Apache-2.0
#include "backends/site.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace onemarket {

void PrintTo(const Release& release, std::ostream* out) {
    *out << release.major << '.' << release.minor << '.' << release.patch;
}

namespace {

TEST(Site, ReadsReleases) {
    struct Case {
        const char* text;
        Release expected;
    };
    const std::vector<Case> cases = {
        {"6.8.3", {6, 8, 3}},
        {"6.10.0", {6, 10, 0}},
        {"7.0.1\n", {7, 0, 1}},
        {"  5.12.0.4 ", {5, 12, 0}},
        {"6.99.80~pre", {6, 99, 80}},
        {"6.8.0-rc1", {6, 8, 0}},
        {"6.4", {6, 4, 0}},
        {"7", {7, 0, 0}},
        {"6.x.3", {6, 0, 3}},
        {"six", {0, 0, 0}},
        {"99999999999.1", {0, 1, 0}},
        // No VERSION file: the newest conventions.
        {"", {7, 0, 0}},
        {" \n", {7, 0, 0}},
    };
    for (const auto& c : cases) EXPECT_EQ(parse_release(c.text), c.expected) << c.text;
}

// How `export` is called: up to 6.4.3 and 6.6.1 the document is an argument; from 6.4.4 and 6.6.2
// on it may come by stdin (with -i), behind a dash; since 6.8 always by stdin, without a dash.
TEST(Site, CallingConventionOfEachRelease) {
    constexpr auto argument = ExportCalling::argument;
    constexpr auto dash = ExportCalling::dash_then_stdin;
    constexpr auto id_only = ExportCalling::id_only_then_stdin;
    struct Case {
        const char* release;
        ExportCalling plain, with_flag;
    };
    const std::vector<Case> cases = {
        {"5.0.0", argument, argument}, {"5.12.13", argument, argument},
        {"6.0.0", argument, argument}, {"6.2.2", argument, argument},
        {"6.4.0", argument, argument}, {"6.4.3", argument, argument},
        {"6.4.4", argument, dash},     {"6.4.5", argument, dash},
        {"6.4.10", argument, dash},    {"6.6.0", argument, argument},
        {"6.6.1", argument, argument}, {"6.6.2", argument, dash},
        {"6.6.3", argument, dash},     {"6.8.0", id_only, id_only},
        {"6.8.3", id_only, id_only},   {"6.10.0", id_only, id_only},
        {"7.0.0", id_only, id_only},   {"7.4.1", id_only, id_only},
        {"", id_only, id_only},
    };
    for (const auto& c : cases) {
        EXPECT_EQ(export_calling(parse_release(c.release), false), c.plain) << c.release;
        EXPECT_EQ(export_calling(parse_release(c.release), true), c.with_flag)
            << c.release << " -i";
    }
}

TEST(Site, CataloguesAreToldWhoAsks) {
    EXPECT_EQ(catalogue_agent("6.10.1\n", ""), "OpenNebula 6.10.1 (Market Driver)");
    EXPECT_EQ(catalogue_agent("7.0.0", " EE\n"), "OpenNebula 7.0.0 EE (Market Driver)");
    EXPECT_EQ(catalogue_agent("", ""), "OpenNebula 7.0.0 (Market Driver)");
    EXPECT_EQ(catalogue_agent("7.0\r\nCookie: x", ""), "OpenNebula 7.0Cookie: x (Market Driver)");
    EXPECT_EQ(Site().user_agent, "OpenNebula 7.0.0 (Market Driver)");
}

TEST(Site, DriverNamesMayStandInAPath) {
    for (const char* name : {"http", "s3", "linuxcontainers", "my-market_2", "v1.2", "A", "0"})
        EXPECT_TRUE(is_driver_name(name)) << name;
    for (const char* name : {"", ".", "..", "../x", ".hidden", "a/b", "/etc", "a b", "a\nb", "a$b",
                             "a;b", "caf\xc3\xa9", "a*"})
        EXPECT_FALSE(is_driver_name(name)) << name;
    EXPECT_FALSE(is_driver_name(std::string_view("a\0b", 3)));
}

}  // namespace
}  // namespace onemarket
