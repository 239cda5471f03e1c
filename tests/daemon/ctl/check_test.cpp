// SPDX-License-Identifier: Apache-2.0
#include "daemon/ctl/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "protocol/base64.h"
#include "tests/backends/helpers.h"

namespace onemarket {
namespace {

using test::error_of;
using testing::HasSubstr;

std::string monitor_xml() {
    return test::message_xml("monitor-http", {{"PUBLIC_DIR", "/p"}, {"BASE_URL", "http://h/a"}});
}

// The element MARKETPLACE of it, as `onemarket show -x` prints it.
std::string shown_xml() {
    const std::string xml = monitor_xml();
    const std::string end = "</MARKETPLACE>";
    const size_t begin = xml.find("<MARKETPLACE>");
    return xml.substr(begin, xml.rfind(end) + end.size() - begin);
}

void expect_market(const std::string& text) {
    const DriverMessage message = described_market(text);
    EXPECT_EQ(message.text("MARKETPLACE/MARKET_MAD"), "http") << text;
    EXPECT_EQ(message.market("PUBLIC_DIR"), "/p") << text;
    EXPECT_EQ(message.market("BASE_URL"), "http://h/a") << text;
}

TEST(DescribedMarket, AsADriverMessage) {
    expect_market(monitor_xml());
    expect_market(base64_encode(monitor_xml()) + "\n");
    expect_market("MONITOR  100 " + base64_encode(monitor_xml()) + "\n");
    const std::string import = test::message_xml("import-http", {{"PUBLIC_DIR", "/p"},
                                                                 {"BASE_URL", "http://h/a"},
                                                                 {"SOURCE", "/i"},
                                                                 {"FORMAT", "raw"},
                                                                 {"DATASTORES", "/d"}});
    expect_market(import);
    expect_market("IMPORT 5 " + base64_encode(import));
}

TEST(DescribedMarket, AsOnemarketShowsIt) {
    expect_market(shown_xml());
    expect_market("<?xml version=\"1.0\"?>\n" + shown_xml() + "\n");
    EXPECT_EQ(described_market(shown_xml()).market_id(), 100);
}

TEST(DescribedMarket, AsOnemarketCreateTakesIt) {
    expect_market(
        "NAME = \"a & b\"\nMARKET_MAD = http  # local\nPUBLIC_DIR = \"/p\"\n"
        "BASE_URL=\"http://h/a\"");
    expect_market(
        "NAME = x\r\nMARKET_MAD = http\r\nPUBLIC_DIR = \"/p\"\r\nBASE_URL=\"http://h/a\"\r\n"
        "A_LIST = [ B = \"c\" ]\r\n1X = \"y\"\r\n");
    EXPECT_EQ(described_market("MARKET_MAD=http\nPUBLIC_DIR=\"/<&>\"").market("PUBLIC_DIR"),
              "/<&>");
}

TEST(DescribedMarket, WhatIsNoneIsRefusedInWords) {
    const auto refusal = [](const std::string& text) {
        return std::string(error_of([&] { described_market(text); }).what());
    };
    EXPECT_THAT(refusal(""), HasSubstr("neither a driver message, nor what"));
    EXPECT_THAT(refusal("NAME = \"x\"\n"), HasSubstr("a template without MARKET_MAD"));
    EXPECT_THAT(refusal("MARKET_MAD = [\n"), HasSubstr("line 2: syntax error"));
    EXPECT_THAT(refusal("<IMAGE><ID>1</ID></IMAGE>"), HasSubstr("neither a driver message"));
    EXPECT_THAT(refusal("<MARKETPLACE><ID>1</ID></MARKETPLACE>"),
                HasSubstr("no marketplace with a MARKET_MAD"));
    EXPECT_THAT(refusal("<?xml"), HasSubstr("neither"));
}

TEST(Surroundings, ATypeThatIsNotServedIsSaid) {
    test::TempDir dir;
    const Layout layout = Layout::of(dir / "one");
    std::filesystem::create_directories(layout.etc);
    std::filesystem::create_directories(layout.var);
    const auto warnings = [&](const std::string& conf) {
        test::write_file(layout.etc + "/oned.conf", conf);
        std::string text;
        Findings findings([&text](const Finding& finding) { text += finding.text + "\n"; });
        check_surroundings(layout, "http", "market.tmpl", findings);
        return text;
    };
    const std::string begin = "MARKET_MAD = [ EXECUTABLE = \"onemarketd\"";
    EXPECT_EQ(warnings(begin + ", ARGUMENTS = \"-m s3,one\" ]\n"),
              "it is not told to serve http\n");
    EXPECT_EQ(warnings(begin + ", ARGUMENTS = \"-m s3,http\" ]\n"), "");
    EXPECT_EQ(warnings(begin + " ]\n"), "");
    EXPECT_EQ(warnings("nonsense ["), "");
}

}  // namespace
}  // namespace onemarket
