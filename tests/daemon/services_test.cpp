// SPDX-License-Identifier: Apache-2.0
#include "daemon/services.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "backends/exports/fs.h"
#include "backends/exports/script.h"
#include "backends/http.h"
#include "backends/script.h"
#include "tests/support/support.h"

namespace onemarket {
namespace {

using Types = std::set<std::string, std::less<>>;

class ServicesTest : public testing::Test {
  protected:
    ServicesTest() { site_.remotes = dir_.path().string(); }

    void add_market_folder(const std::string& type) {
        test::write_script(dir_ / ("market/" + type + "/monitor"), "");
    }
    // What serves a market of this type: "http", "script", or the Error's kind and text.
    std::string serving_market(const std::string& type, const std::string& attributes = "") const {
        return caught([&] {
            const auto backend = services_.backend(of("<MARKETPLACE><MARKET_MAD><![CDATA[" + type +
                                                      "]]></MARKET_MAD><TEMPLATE>" + attributes +
                                                      "</TEMPLATE></MARKETPLACE>"));
            if (std::dynamic_pointer_cast<const HttpBackend>(backend)) return "http";
            return std::dynamic_pointer_cast<const ScriptBackend>(backend) ? "script" : "?";
        });
    }
    std::string serving_datastore(const std::string& type,
                                  const std::string& attributes = "") const {
        return caught([&] {
            const auto exporter = services_.exporter(of("<DATASTORE><DS_MAD><![CDATA[" + type +
                                                        "]]></DS_MAD><TEMPLATE>" + attributes +
                                                        "</TEMPLATE></DATASTORE>"));
            if (std::dynamic_pointer_cast<const FsExporter>(exporter)) return "fs";
            return std::dynamic_pointer_cast<const ScriptExporter>(exporter) ? "script" : "?";
        });
    }

    static DriverMessage of(const std::string& inner) {
        return std::move(*DriverMessage::parse("<MARKET_DRIVER_ACTION_DATA>" + inner +
                                               "</MARKET_DRIVER_ACTION_DATA>"));
    }
    static std::string caught(const std::function<const char*()>& function) {
        try {
            return function();
        } catch (const Error& error) {
            return std::string(to_string(error.kind())) + ": " + error.what();
        }
    }

    test::TempDir dir_;
    Config config_;
    Site site_;
    TransferSlots transfers_{1};
    Services services_{config_, site_, std::nullopt, transfers_, {}, {}, {}};
};

std::string not_available(const std::string& type) {
    return "unsupported: Marketplace driver '" + type + "' not available";
}

TEST_F(ServicesTest, WithMarketsGivenTheseAreServed) {
    services_.markets = Types{"http", "lab"};
    add_market_folder("s3");
    EXPECT_EQ(serving_market("http"), "http");
    EXPECT_EQ(serving_market("lab"), "script");
    EXPECT_EQ(serving_market("s3"), not_available("s3"));  // a folder is not enough
    EXPECT_EQ(serving_market("HTTP"), not_available("HTTP"));
    EXPECT_EQ(serving_market(" http "), "http");
}

TEST_F(ServicesTest, WithNoneGivenEveryMarketFolderIs) {
    add_market_folder("http");
    add_market_folder("lab");
    test::write_file(dir_ / "market/file", "no folder");
    EXPECT_EQ(serving_market("http"), "http");
    EXPECT_EQ(serving_market("lab"), "script");
    EXPECT_EQ(serving_market("s3"), not_available("s3"));
    EXPECT_EQ(serving_market("file"), not_available("file"));
}

TEST_F(ServicesTest, NoNameLeavesTheMarketFolder) {
    add_market_folder("http");
    test::write_script(dir_ / "datastore/fs/export", "");
    const std::vector<std::string> names = {
        "../x", "../datastore", ".", "..",    "/",       "/etc", "http/../lab", "http/", "a\nb",
        "a b",  "$(id)",        "é", "http;", ".hidden", "*"};
    for (const std::string& name : names) EXPECT_EQ(serving_market(name), not_available(name));
    services_.markets = Types(names.begin(), names.end());
    for (const std::string& name : names) EXPECT_EQ(serving_market(name), not_available(name));
}

TEST_F(ServicesTest, AMarketWithoutAType) {
    EXPECT_EQ(serving_market(""), not_available(""));
    EXPECT_EQ(caught([&] {
                  services_.backend(of("<MARKETPLACE/>"));
                  return "served";
              }),
              "bad_request: Wrong driver message format: MARKETPLACE/MARKET_MAD is missing");
}

TEST_F(ServicesTest, ScriptsServeWhatIsChosenSo) {
    services_.markets = Types{"http"};
    EXPECT_EQ(serving_market("http", "<BRIDGE_LIST>web1 web2</BRIDGE_LIST>"), "http");
    config_.scripts.markets = {"http"};
    EXPECT_EQ(serving_market("http"), "script");
}

TEST_F(ServicesTest, Datastores) {
    EXPECT_EQ(serving_datastore("fs"), "fs");
    EXPECT_EQ(serving_datastore("fs", "<BRIDGE_LIST>nas</BRIDGE_LIST>"), "fs");
    EXPECT_EQ(serving_datastore("restic"), "script");
    config_.scripts.datastores = {"fs"};
    EXPECT_EQ(serving_datastore("fs"), "script");
    EXPECT_EQ(caught([&] {
                  services_.exporter(of("<DATASTORE/>"));
                  return "served";
              }),
              "bad_request: Wrong driver message format: DATASTORE/DS_MAD is missing");
}

}  // namespace
}  // namespace onemarket
