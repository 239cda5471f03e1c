// SPDX-License-Identifier: Apache-2.0
#include "protocol/import_info.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace onemarket {
namespace {

using std::string_literals::operator""s;

// As the stock fs and ceph scripts print it.
const std::string kStock =
    "<IMPORT_INFO>\n"
    "    <IMPORT_SOURCE><![CDATA[rbd://pool/one-3?CEPH_USER=u&CEPH_KEY=]]></IMPORT_SOURCE>\n"
    "    <MD5><![CDATA[0123456789abcdef0123456789abcdef]]></MD5>\n"
    "    <SIZE><![CDATA[128]]></SIZE>\n"
    "    <FORMAT><![CDATA[raw]]></FORMAT>\n"
    "    <DISPOSE><![CDATA[YES]]></DISPOSE>\n"
    "    <DISPOSE_CMD><![CDATA[rm -f /tmp/x]]></DISPOSE_CMD>\n"
    "</IMPORT_INFO>";

void expect_stock(const std::string& output) {
    const Result<ImportInfo> info = parse_import_info(output);
    ASSERT_TRUE(info) << info.reason();
    EXPECT_EQ(info->source, "rbd://pool/one-3?CEPH_USER=u&CEPH_KEY=");
    EXPECT_EQ(info->md5, "0123456789abcdef0123456789abcdef");
    EXPECT_EQ(info->size_mb, "128");
    EXPECT_EQ(info->format, "raw");
    EXPECT_TRUE(info->dispose);
    EXPECT_EQ(info->dispose_command, "rm -f /tmp/x");
}

TEST(ImportInfo, ReadsWhatTheScriptsPrint) {
    expect_stock(kStock);
    expect_stock("\n\n  " + kStock + "\n\n");
    expect_stock("<?xml version=\"1.0\"?>\n" + kStock);
}

TEST(ImportInfo, TheStrayQuoteBehindTheRootIsAccepted) {
    expect_stock(kStock + "\"");
    expect_stock(kStock + "\"\n");
    expect_stock(kStock + "\n\"\n\n");
    expect_stock(kStock + " and more </words> \0"s);
}

TEST(ImportInfo, MissingElementsAreEmpty) {
    const Result<ImportInfo> info =
        parse_import_info("<IMPORT_INFO><IMPORT_SOURCE> /a b </IMPORT_SOURCE><MD5/></IMPORT_INFO>");
    ASSERT_TRUE(info) << info.reason();
    EXPECT_EQ(info->source, "/a b");
    EXPECT_EQ(info->md5, "");
    EXPECT_EQ(info->size_mb, "");
    EXPECT_EQ(info->format, "");
    EXPECT_FALSE(info->dispose);
    EXPECT_EQ(info->dispose_command, "");
}

TEST(ImportInfo, OnlyYesDisposes) {
    const auto disposes = [](const std::string& value) {
        return parse_import_info("<IMPORT_INFO><IMPORT_SOURCE>/a</IMPORT_SOURCE><DISPOSE>" + value +
                                 "</DISPOSE></IMPORT_INFO>")
            ->dispose;
    };
    for (const auto* value : {"YES", "yes", "Yes", " YES\n"}) EXPECT_TRUE(disposes(value)) << value;
    for (const auto* value : {"", "NO", "Y", "YES!", "true", "1"})
        EXPECT_FALSE(disposes(value)) << value;
}

struct BadCase {
    const char* name;
    std::string output;
};

TEST(ImportInfo, EverythingElseIsAFailure) {
    const std::string source = "<IMPORT_SOURCE>/a</IMPORT_SOURCE>";
    const std::vector<BadCase> cases = {
        {"nothing", ""},
        {"blanks", " \n"},
        {"a quote", "\""},
        {"no XML", "done"},
        {"another root", "<EXPORT_INFO>" + source + "</EXPORT_INFO>"},
        {"inside another root", "<X><IMPORT_INFO>" + source + "</IMPORT_INFO></X>"},
        {"never closed", "<IMPORT_INFO>" + source},
        {"never opened", source + "</IMPORT_INFO>"},
        {"two of them", kStock + kStock},
        {"not well-formed", "<IMPORT_INFO><MD5>" + source + "</IMPORT_INFO>"},
        {"DOCTYPE", "<!DOCTYPE x>" + kStock},
        {"NUL inside", "<IMPORT_INFO>\0"s + source + "</IMPORT_INFO>"},
        {"no IMPORT_SOURCE", "<IMPORT_INFO><MD5>x</MD5></IMPORT_INFO>"},
        {"empty IMPORT_SOURCE", "<IMPORT_INFO><IMPORT_SOURCE/></IMPORT_INFO>"},
        {"blank IMPORT_SOURCE", "<IMPORT_INFO><IMPORT_SOURCE> </IMPORT_SOURCE></IMPORT_INFO>"},
        {"IMPORT_SOURCE elsewhere", "<IMPORT_INFO><A>" + source + "</A></IMPORT_INFO>"},
    };
    for (const auto& c : cases) {
        const Result<ImportInfo> info = parse_import_info(c.output);
        ASSERT_FALSE(info) << c.name;
        EXPECT_FALSE(info.reason().empty()) << c.name;
    }
}

}  // namespace
}  // namespace onemarket
