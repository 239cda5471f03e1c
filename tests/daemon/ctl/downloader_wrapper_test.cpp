// SPDX-License-Identifier: Apache-2.0
#include "daemon/ctl/downloader_wrapper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <thread>

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

// Between the exchange and the last step of remove: the wrapper has the site's own script's name.
TEST_F(DownloaderWrapperTest, AfterACrashWhileItIsTakenBack) {
    const auto crash = [&] {
        wrapper_.install(false);
        fs::rename(stock_, dir_ / "own");
        fs::rename(script_, stock_);
        fs::rename(dir_ / "own", script_);
    };
    crash();
    EXPECT_THAT(wrapper_.remove(false), HasSubstr("the site's own again"));
    EXPECT_EQ(read_file(script_), kStock);
    EXPECT_FALSE(fs::exists(stock_));
    crash();
    wrapper_.install(false);
    EXPECT_EQ(read_file(stock_), kStock);
    EXPECT_THAT(run(), HasSubstr("ours"));
    wrapper_.remove(false);
    // One that somebody has changed is nobody's.
    crash();
    test::write_file(stock_, read_file(stock_) + "# a line of ours\n");
    EXPECT_THAT(refused([&] { wrapper_.remove(true); }), HasSubstr("not our wrapper"));
    EXPECT_THAT(refused([&] { wrapper_.install(false); }), HasSubstr("two different scripts"));
}

TEST_F(DownloaderWrapperTest, NothingIsWrittenThroughALink) {
    test::write_file(dir_ / "elsewhere", "content");
    fs::create_symlink("elsewhere", script_ + ".new");
    wrapper_.install(false);
    EXPECT_EQ(read_file(dir_ / "elsewhere"), "content");
    EXPECT_THAT(run(), HasSubstr("ours"));
    EXPECT_THAT(list(dir_.path()),
                ElementsAre("downloader.sh", "downloader.stock.sh", "elsewhere", "the program"));
}

// As root it runs in a folder of oneadmin's, who puts a link there at whatever moment.
TEST_F(DownloaderWrapperTest, NothingIsWrittenThroughALinkThatComesMeanwhile) {
    const std::string elsewhere = dir_ / "elsewhere";
    test::write_file(elsewhere, "content");
    fs::permissions(elsewhere, fs::perms(0600));
    std::jthread planter([&](const std::stop_token& stop) {
        while (!stop.stop_requested()) (void)::symlink("elsewhere", (script_ + ".new").c_str());
    });
    for (int i = 0; i < 100; ++i) {
        wrapper_.install(false);
        EXPECT_THAT(read_file(script_), HasSubstr("Written by"));
        wrapper_.remove(false);
        EXPECT_EQ(read_file(script_), kStock);
    }
    EXPECT_EQ(read_file(elsewhere), "content");
    EXPECT_EQ(fs::status(elsewhere).permissions(), fs::perms(0600));
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
    EXPECT_EQ(refused([&] { wrapper_.remove(true); }),
              script_ + " is not our wrapper but the site's own");
    wrapper_.install(false);
    fs::remove(script_);
    write_script(script_, "#!/bin/sh\necho newer\n");
    EXPECT_EQ(refused([&] { wrapper_.remove(true); }),
              script_ + " is not our wrapper but the site's own; " + stock_ +
                  " beside it is left of an earlier install");
}

// Without it there would be nothing to go back to, nor for what is not built in.
TEST_F(DownloaderWrapperTest, TheSitesOwnIsGone) {
    wrapper_.install(false);
    const std::string ours = read_file(script_);
    const std::vector<std::function<void()>> ways = {[&] { fs::remove(stock_); },
                                                     [&] { test::write_file(stock_, ours); },
                                                     [&] {
                                                         fs::remove(stock_);
                                                         fs::create_hard_link(script_, stock_);
                                                     }};
    for (const auto& way : ways) {
        way();
        for (const bool force : {false, true}) {
            EXPECT_THAT(refused([&] { wrapper_.remove(force); }),
                        testing::AllOf(HasSubstr(stock_), HasSubstr("put downloader.sh of")));
            EXPECT_THAT(refused([&] { wrapper_.install(force); }),
                        testing::AllOf(HasSubstr(stock_), HasSubstr("put downloader.sh of")));
        }
        EXPECT_EQ(read_file(script_), ours);
    }
}

TEST_F(DownloaderWrapperTest, AnotherProgramsWrapperIsOursToo) {
    const std::string other = dir_ / "other program";
    write_script(other, "#!/bin/sh\necho other \"$@\"\n");
    DownloaderWrapper(dir_.path().string(), other).install(false);
    EXPECT_THAT(run(), HasSubstr("other --md5"));
    wrapper_.install(false);
    EXPECT_THAT(run(), HasSubstr("ours --md5"));
    DownloaderWrapper(dir_.path().string(), other).remove(false);
    EXPECT_EQ(read_file(script_), kStock);
}

TEST_F(DownloaderWrapperTest, TheProgramIsToldWhereTheSitesOwnIs) {
    write_script(program_, "#!/bin/sh\necho \"$ONEMARKET_STOCK_DOWNLOADER\"\n");
    wrapper_.install(false);
    EXPECT_EQ(run(), stock_ + "\n");
    // Copied elsewhere, both of them; and called by no path.
    const std::string other = dir_ / "a b";
    fs::create_directories(other);
    for (const std::string& script : {script_, stock_}) fs::copy(script, other);
    EXPECT_EQ(test::output_of("cd '" + other + "' && sh downloader.sh"),
              other + "/downloader.stock.sh\n");
    fs::remove(program_);
    EXPECT_EQ(test::output_of("cd '" + other + "' && CDPATH=/ ./downloader.sh x"), "stock x\n");
}

// As when a package is upgraded: it stays, whatever is said.
TEST_F(DownloaderWrapperTest, WhatComesMeanwhileIsNotDropped) {
    constexpr int times = 100;
    for (int i = 0; i < times; ++i) {
        write_script(script_, kStock);
        write_script(dir_ / "upgraded", "#!/bin/sh\necho upgraded\n");
        std::jthread upgrade([&] {
            std::this_thread::sleep_for(std::chrono::microseconds(20 * (i % 25)));
            fs::rename(dir_ / "upgraded", script_);
        });
        try {
            wrapper_.install(true);
            if (i % 2 == 1) wrapper_.remove(true);
        } catch (const Error&) {
        }
        upgrade.join();
        const std::string stock = fs::exists(stock_) ? read_file(stock_) : "";
        EXPECT_THAT(read_file(script_) + stock, HasSubstr("upgraded")) << i;
        EXPECT_THAT(stock, testing::Not(HasSubstr("Written by"))) << i;
        EXPECT_FALSE(fs::exists(script_ + ".new")) << i;
        fs::remove(stock_);
        fs::remove(script_);
    }
}

TEST_F(DownloaderWrapperTest, TwoAtATimeMakeNoWrapperTheSitesOwn) {
    for (int i = 0; i < 50; ++i) {
        write_script(script_, kStock);
        {
            std::vector<std::jthread> threads;
            for (int j = 0; j < 3; ++j) threads.emplace_back([&] { wrapper_.install(true); });
        }
        EXPECT_EQ(read_file(stock_), kStock);
        EXPECT_EQ(run(), "ours --md5 a b http://x/$(touch y) -\n");
        fs::remove(stock_);
        fs::remove(script_);
    }
}

TEST_F(DownloaderWrapperTest, WhatCannotBeIsSaid) {
    fs::remove(program_);
    EXPECT_EQ(refused([&] { wrapper_.install(true); }),
              program_ + ": No such file or directory (--program PATH says where it is)");
    for (const std::string& none : {dir_.path().string(), script_, dir_ / "./downloader.sh"})
        EXPECT_THAT(refused([&] { DownloaderWrapper(dir_.path().string(), none).install(true); }),
                    HasSubstr("--program PATH"))
            << none;
    EXPECT_EQ(read_file(script_), kStock);
    DownloaderWrapper quoted(dir_.path().string(), dir_ / "it's");
    EXPECT_THAT(refused([&] { quoted.install(true); }), HasSubstr("quote"));
    write_script(program_, "#!/bin/sh\n");
    fs::rename(script_, dir_ / "elsewhere");
    EXPECT_THAT(refused([&] { wrapper_.install(true); }), HasSubstr("No such file"));
    fs::create_symlink(dir_ / "elsewhere", script_);
    EXPECT_THAT(refused([&] { wrapper_.install(true); }), HasSubstr("is a link; put the file"));
    EXPECT_EQ(read_file(dir_ / "elsewhere"), kStock);
    if (::geteuid() == 0) return;
    fs::permissions(dir_.path(), fs::perms(0500));
    EXPECT_THAT(refused([&] { wrapper_.remove(true); }), HasSubstr("; run this as oneadmin"));
    fs::permissions(dir_.path(), fs::perms(0700));
}

}  // namespace
}  // namespace onemarket
