// SPDX-License-Identifier: Apache-2.0
#include "daemon/ctl/downloader_wrapper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/backends/helpers.h"

namespace onemarket {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using test::list;
using test::read_file;
using test::write_script;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kStock = "#!/bin/sh\necho stock \"$@\"\n";

class DownloaderWrapperTest : public testing::Test {
  protected:
    DownloaderWrapperTest() {
        write_script(script_, kStock);
        write_script(program_, "#!/bin/sh\necho ours \"$@\"\n");
    }
    std::string refused(auto&& act) { return error_of(act).what(); }
    // What the site's datastores get.
    std::string run() {
        test::TestContext context;
        Command command;
        command.argv = {script_, "--md5", "a b", "http://x/$(touch y)", "-"};
        command.environment = {"PATH=/usr/bin:/bin"};
        command.directory = "/";
        return onemarket::run(std::move(command), context).output;
    }

    test::TempDir dir_;
    std::string script_ = dir_ / "downloader.sh";
    std::string stock_ = dir_ / "downloader.stock.sh";
    std::string program_ = dir_ / "the program";
    DownloaderWrapper wrapper_{dir_.path().string(), program_};
};

TEST_F(DownloaderWrapperTest, ThereAndBack) {
    EXPECT_THAT(wrapper_.install(false), HasSubstr("now runs " + program_));
    EXPECT_EQ(read_file(stock_), kStock);
    EXPECT_EQ(run(), "ours --md5 a b http://x/$(touch y) -\n");
    EXPECT_THAT(wrapper_.remove(false), HasSubstr("the site's own again"));
    EXPECT_EQ(read_file(script_), kStock);
    EXPECT_EQ(run(), "stock --md5 a b http://x/$(touch y) -\n");
    EXPECT_THAT(list(dir_.path()), ElementsAre("downloader.sh", "the program"));
}

TEST_F(DownloaderWrapperTest, KeepsWhatMayBeDoneWithTheFile) {
    fs::permissions(script_, fs::perms(0750));
    wrapper_.install(false);
    EXPECT_EQ(fs::status(script_).permissions(), fs::perms(0750));
    wrapper_.remove(false);
    EXPECT_EQ(fs::status(script_).permissions(), fs::perms(0750));
}

TEST_F(DownloaderWrapperTest, TwiceIsOnce) {
    wrapper_.install(false);
    EXPECT_THAT(wrapper_.install(false), HasSubstr("already"));
    EXPECT_EQ(read_file(stock_), kStock);
}

// The program went, or the scripts were copied to a host that never had it.
TEST_F(DownloaderWrapperTest, WithoutTheProgramTheSitesOwnRuns) {
    wrapper_.install(false);
    fs::remove(program_);
    EXPECT_THAT(run(), HasSubstr("stock --md5"));
}

TEST_F(DownloaderWrapperTest, AfterACrashInTheMiddle) {
    fs::create_hard_link(script_, stock_);
    wrapper_.install(false);
    EXPECT_EQ(read_file(stock_), kStock);
    EXPECT_THAT(run(), HasSubstr("ours"));
}

// A package has put a newer downloader.sh there.
TEST_F(DownloaderWrapperTest, TwoScriptsOfTheSiteAreNotMixedUp) {
    wrapper_.install(false);
    fs::remove(script_);
    write_script(script_, "#!/bin/sh\necho newer\n");
    EXPECT_THAT(refused([&] { wrapper_.install(false); }), HasSubstr("two different scripts"));
    EXPECT_THAT(run(), HasSubstr("newer"));
    EXPECT_EQ(read_file(stock_), kStock);
    wrapper_.install(true);
    EXPECT_THAT(run(), HasSubstr("ours"));
    EXPECT_THAT(read_file(stock_), HasSubstr("newer"));
}

TEST_F(DownloaderWrapperTest, AChangedWrapperIsNotDropped) {
    wrapper_.install(false);
    const std::string changed = read_file(script_) + "# a line of ours\n";
    test::write_file(script_, changed);
    EXPECT_THAT(refused([&] { wrapper_.install(false); }), HasSubstr("was changed"));
    EXPECT_THAT(refused([&] { wrapper_.remove(false); }), HasSubstr("was changed"));
    EXPECT_EQ(read_file(script_), changed);
    wrapper_.remove(true);
    EXPECT_EQ(read_file(script_), kStock);
}

TEST_F(DownloaderWrapperTest, NothingToTakeBack) {
    EXPECT_THAT(refused([&] { wrapper_.remove(true); }), HasSubstr("no wrapper of ours"));
    wrapper_.install(false);
    fs::remove(stock_);
    EXPECT_THAT(refused([&] { wrapper_.remove(true); }), HasSubstr(stock_));
    EXPECT_THAT(read_file(script_), HasSubstr("onemarketctl downloader install"));
}

TEST_F(DownloaderWrapperTest, WhatCannotBeIsSaid) {
    fs::remove(program_);
    EXPECT_THAT(refused([&] { wrapper_.install(true); }), HasSubstr(program_));
    DownloaderWrapper quoted(dir_.path().string(), dir_ / "it's");
    EXPECT_THAT(refused([&] { quoted.install(true); }), HasSubstr("quote"));
    write_script(program_, "#!/bin/sh\n");
    fs::rename(script_, dir_ / "elsewhere");
    EXPECT_THAT(refused([&] { wrapper_.install(true); }), HasSubstr("No such file"));
    fs::create_symlink(dir_ / "elsewhere", script_);
    EXPECT_THAT(refused([&] { wrapper_.install(true); }), HasSubstr("is a link"));
    EXPECT_EQ(read_file(dir_ / "elsewhere"), kStock);
}

}  // namespace
}  // namespace onemarket
