// SPDX-License-Identifier: Apache-2.0
#include "daemon/ctl/drivers_options.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/support.h"

namespace onemarket {
namespace {

class DriversOptionsTest : public testing::Test {
  protected:
    DriversOptionsTest() { std::filesystem::create_directories(dir_ / "etc"); }
    void conf(const std::string& arguments, const std::string& executable = "onemarketd") {
        test::write_file(dir_ / "etc/oned.conf", "MARKET_MAD = [ EXECUTABLE = \"" + executable +
                                                     "\", ARGUMENTS = \"" + arguments + "\" ]\n");
    }
    std::string proxy() const { return options_by_hand(environment_, "http").proxy; }

    test::TempDir dir_;
    Environment environment_{{"ONE_LOCATION", dir_.path().string()}};
};

TEST_F(DriversOptionsTest, TheDriversProxyIsThatOfItsCommands) {
    EXPECT_EQ(proxy(), "") << "no oned.conf";
    conf("-t 7 -m s3 -p http://proxy:3128");
    EXPECT_EQ(proxy(), "http://proxy:3128");
    EXPECT_EQ(options_by_hand(environment_, "http").markets->count("http"), 1U);
    EXPECT_EQ(options_by_hand(environment_, "http").markets->size(), 1U);
    conf("-p http://proxy:3128", "one_market");
    EXPECT_EQ(proxy(), "") << "that is not this driver";
}

TEST_F(DriversOptionsTest, WhatTheEnvironmentSaysComesFirst) {
    conf("-p http://proxy:3128");
    for (const char* name : {"http_proxy", "https_proxy", "ALL_PROXY"}) {
        environment_[name] = "http://other";
        EXPECT_EQ(proxy(), "") << name;
        environment_.erase(name);
    }
    test::write_file(dir_ / "etc/defaultrc", "http_proxy=http://other\n");
    EXPECT_EQ(proxy(), "");
}

TEST_F(DriversOptionsTest, AllOfThem) {
    EXPECT_EQ(drivers_options(environment_).threads, 15U);
    conf("-t 7");
    EXPECT_EQ(drivers_options(environment_).threads, 7U);
}

}  // namespace
}  // namespace onemarket
