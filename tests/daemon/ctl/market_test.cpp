// SPDX-License-Identifier: Apache-2.0
#include "daemon/ctl/market.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "daemon/journal.h"
#include "protocol/ascii.h"
#include "protocol/base64.h"
#include "tests/support/support.h"

namespace onemarket {
namespace {

using std::chrono::seconds;
using Apps = std::set<ObjectId>;

std::string monitor_xml(const std::string& id = "100", const std::string& apps = "1 2") {
    std::string xml =
        test::message_xml("monitor-http", {{"PUBLIC_DIR", "/p"}, {"BASE_URL", "http://h"}});
    const auto replace = [&xml](const std::string& what, const std::string& with) {
        xml.replace(xml.find(what), what.size(), with);
    };
    replace("<MARKETPLACE><ID>100", "<MARKETPLACE><ID>" + id);
    std::string list;
    for (const std::string_view app : ascii::split(apps, " "))
        list += "<ID>" + std::string(app) + "</ID>";
    replace("<ID>1</ID><ID>2</ID>", list);
    return xml;
}

class MarketTest : public testing::Test {
  protected:
    void keep(ObjectId id, const std::string& apps) {
        messages_.keep(id, base64_encode(monitor_xml(std::to_string(id), apps)), log_);
    }
    KnownMarket known(const std::string& market, const std::string& input = "") {
        return known_market(market, messages_, [&input] { return input; });
    }
    std::string fault(const std::string& market, const std::string& input = "") {
        try {
            known(market, input);
        } catch (const Error& error) {
            return error.what();
        }
        return "";
    }

    test::TempDir dir_;
    test::RecordingLog log_;
    MarketMessages messages_{dir_ / "state"};
};

TEST_F(MarketTest, IsWhatTheDriverKeeps) {
    keep(100, "3 1 2");
    keep(101, "7");
    keep(102, "8 1");
    const KnownMarket market = known("100");
    EXPECT_EQ(market.id, 100);
    EXPECT_TRUE(market.kept);
    EXPECT_EQ(market.apps, (Apps{1, 2, 3}));
    EXPECT_EQ(market.elsewhere, (Apps{1, 7, 8}));
    EXPECT_NE(fault("5").find("the driver has seen no MONITOR of marketplace 5"),
              std::string::npos);
}

TEST_F(MarketTest, IsAMessageSomebodyBrings) {
    keep(101, "7");
    test::write_file(dir_ / "message", monitor_xml());
    std::filesystem::last_write_time(
        dir_ / "message", std::filesystem::file_time_type::clock::now() - std::chrono::hours(30));
    const KnownMarket market = known(dir_ / "message");
    EXPECT_FALSE(market.kept);
    EXPECT_EQ(market.apps, (Apps{1, 2}));
    EXPECT_EQ(market.elsewhere, (Apps{7}));
    EXPECT_GT(std::chrono::system_clock::now() - market.since, std::chrono::hours(29));
    EXPECT_EQ(known("-", "MONITOR  100 " + base64_encode(monitor_xml())).apps, (Apps{1, 2}));
    EXPECT_EQ(known("-", monitor_xml("100", "")).apps, Apps{}) << "a list that is empty is one";
}

TEST_F(MarketTest, OfATimeToComeItIsOfNoUse) {
    keep(100, "1");
    const auto path = dir_ / "state/markets/100";
    std::filesystem::last_write_time(
        path, std::filesystem::last_write_time(path) + std::chrono::hours(24));
    EXPECT_NE(fault("100").find(", which is yet to come"), std::string::npos) << fault("100");
    std::filesystem::copy(path, dir_ / "copy");
    EXPECT_EQ(fault(dir_ / "copy"), "") << "this one is of now";
    std::filesystem::last_write_time(dir_ / "copy", std::filesystem::last_write_time(path));
    EXPECT_NE(fault(dir_ / "copy").find(", which is yet to come"), std::string::npos);
}

TEST_F(MarketTest, WithoutAListNothingIsDone) {
    std::string xml = monitor_xml();
    xml.erase(xml.find("<MARKETPLACEAPPS>"),
              xml.find("</MARKETPLACEAPPS>") + 18 - xml.find("<MARKETPLACEAPPS>"));
    EXPECT_EQ(fault("-", xml), "no MONITOR message: MARKETPLACE/MARKETPLACEAPPS is missing");
    EXPECT_NE(fault("-", monitor_xml("100", "1 x 2")), "");
    EXPECT_NE(fault("-", monitor_xml("100", "1 99999999999")), "");
    EXPECT_NE(fault("-", "hello"), "");
    EXPECT_NE(fault(dir_ / "missing"), "");
    // What another marketplace has is not known then.
    keep(100, "1");
    test::write_file(dir_ / "state/markets/101", "damaged");
    EXPECT_NE(fault("100"), "");
}

TEST_F(MarketTest, JournalNamesItsApps) {
    EXPECT_EQ(journalled_apps(dir_ / "journal"), Apps{});
    for (const char* name :
         {"import-5-0123456789abcdef", "delete-7-0123456789abcdef", "notes", "import-x-1", "lock"})
        test::write_file(dir_ / ("journal/" + std::string(name)), "");
    EXPECT_EQ(journalled_apps(dir_ / "journal"), (Apps{5, 7}));
    EXPECT_THROW(journalled_apps(dir_ / "journal/notes"), Error);
}

TEST(Words, SpansOfPeople) {
    EXPECT_EQ(parse_span("0s"), seconds(0));
    EXPECT_EQ(parse_span("90s"), seconds(90));
    EXPECT_EQ(parse_span("15m"), seconds(900));
    EXPECT_EQ(parse_span("12h"), seconds(43'200));
    EXPECT_EQ(parse_span("1d"), seconds(86'400));
    for (const char* text : {"", "5", "d", "-1d", "1.5h", "1w", "1 d", "99999999999999d", "1dd"})
        EXPECT_FALSE(parse_span(text)) << text;
}

}  // namespace
}  // namespace onemarket
