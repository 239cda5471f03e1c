// SPDX-License-Identifier: Apache-2.0
#include "daemon/handlers/import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <string>
#include <vector>

#include "protocol/base64.h"
#include "tests/support/support.h"

namespace onemarket {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

// A datastore whose export script names a file and what is to be done with it afterwards.
class ImportTest : public testing::Test {
  protected:
    // As the driver does: a script need not read what it is given.
    static void SetUpTestSuite() { ::signal(SIGPIPE, SIG_IGN); }

    ImportTest() {
        site_.remotes = dir_ / "remotes";
        site_.work_dir = dir_.path().string();
        site_.environment = {"PATH=/usr/bin:/bin"};
        std::filesystem::create_directory(dir_ / "public");
        test::write_file(dir_ / "image", "the bytes of an image");
        test::write_script(dir_ / "dispose",
                           "#!/bin/sh\necho \"$@\" >> '" + dir_ / "disposed" + "'\n");
        export_prints("128", "YES");
    }

    void export_prints(const std::string& size, const std::string& dispose,
                       const std::string& format = "raw") {
        test::write_script(site_.remotes + "/datastore/labds/export",
                           "#!/bin/sh\ncat <<'EOF'\n<IMPORT_INFO><IMPORT_SOURCE>" + dir_ / "image" +
                               "</IMPORT_SOURCE><SIZE>" + size + "</SIZE><FORMAT>" + format +
                               "</FORMAT><DISPOSE>" + dispose + "</DISPOSE><DISPOSE_CMD>" +
                               dir_ / "dispose" + " of $(id); $HOME" +
                               "</DISPOSE_CMD></IMPORT_INFO>\nEOF\n");
    }
    // The info, `no answer`, or `<kind>: <text>` of the Error.
    std::string import(const Commit& commit = [](const std::string&) { return true; }) {
        const DriverMessage message =
            test::message("import-http-script-ds", {{"BASE_URL", "http://m/"},
                                                    {"PUBLIC_DIR", dir_ / "public"},
                                                    {"DS_MAD", "labds"},
                                                    {"DATASTORES", dir_ / "ds"}});
        try {
            return handle_import(services_, message, context_, {}, commit).value_or("no answer");
        } catch (const Error& error) {
            return std::string(to_string(error.kind())) + ": " + error.what();
        }
    }
    // The arguments of each time the DISPOSE_CMD was run, a line each.
    std::string disposed() const {
        return std::filesystem::exists(dir_ / "disposed") ? test::read_file(dir_ / "disposed") : "";
    }

    test::TempDir dir_;
    Config config_;
    Site site_;
    TransferSlots transfers_{1};
    Services services_{
        config_, site_, std::set<std::string, std::less<>>{"http", "one"}, transfers_, {}, {}, {}};
    test::TestContext context_;
};

constexpr const char* kOnce = "of $(id); $HOME\n";  // words, not a line for a shell

TEST_F(ImportTest, TellsTheFourAttributes) {
    std::string told;
    const std::string info = import([&](const std::string& source) {
        told = source;
        return true;
    });
    const std::string published = test::list(dir_ / "public").at(0);
    EXPECT_EQ(told, "http://m/" + published);
    EXPECT_EQ(*base64_decode(info), "SOURCE=\"" + told + "\"\nMD5=\"" +
                                        test::md5sum(dir_ / "image") +
                                        "\"\nSIZE=\"128\"\nFORMAT=\"raw\"\n");
    EXPECT_EQ(test::read_file(dir_ / "public/" + published), "the bytes of an image");
}

TEST_F(ImportTest, ADiscoveredMarketplaceRefusesBeforeAnythingIsExported) {
    test::write_script(site_.remotes + "/datastore/labds/export",
                       "#!/bin/sh\ntouch '" + dir_ / "exported" + "'\n");
    const DriverMessage message = test::message("import-discovery", {{"MARKET_MAD", "one"},
                                                                     {"DS_MAD", "labds"},
                                                                     {"SOURCE", "/an/image"},
                                                                     {"FORMAT", "raw"},
                                                                     {"DATASTORES", "/ds"}});
    try {
        handle_import(services_, message, context_, {}, [](const std::string&) { return true; });
        ADD_FAILURE() << "no Error was thrown";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::unsupported);
        EXPECT_STREQ(error.what(), "Cannot import app into OpenNebula marketplace");
    }
    EXPECT_FALSE(std::filesystem::exists(dir_ / "exported"));
}

TEST_F(ImportTest, TheSlotIsFreeAgain) {
    for (int i = 0; i < 3; ++i) import();
    export_prints("x", "NO");
    import();
    test::TestContext other;
    const TransferSlots::Slot slot = transfers_.acquire(other);
}

TEST_F(ImportTest, WhatWasCancelledMeanwhileIsRemovedAgain) {
    EXPECT_EQ(import([](const std::string&) { return false; }), "cancelled: cancelled");
    EXPECT_THAT(test::list(dir_ / "public"), IsEmpty());
    EXPECT_EQ(disposed(), kOnce);
}

TEST_F(ImportTest, DisposesOnceOnSuccess) {
    import();
    EXPECT_EQ(disposed(), kOnce);
}

TEST_F(ImportTest, DisposesOnceOnFailure) {
    std::filesystem::remove(dir_ / "public");
    EXPECT_THAT(import(), StartsWith("unavailable: PUBLIC_DIR "));
    EXPECT_EQ(disposed(), kOnce);
}

TEST_F(ImportTest, DisposesOnceWhenTheSizeIsNone) {
    for (const auto* size : {"", "12.5", "-1", "128M"}) {
        std::filesystem::remove(dir_ / "disposed");
        export_prints(size, "YES");
        EXPECT_EQ(import(),
                  "corrupt: the image's SIZE '" + std::string(size) + "' is no whole number of MB");
        EXPECT_EQ(disposed(), kOnce);
    }
    EXPECT_THAT(test::list(dir_ / "public"), IsEmpty());
}

TEST_F(ImportTest, DisposesOnceWhenThereIsNoFormat) {
    export_prints("128", "YES", "");
    EXPECT_EQ(import(), "corrupt: the image has no FORMAT");
    EXPECT_EQ(disposed(), kOnce);
    EXPECT_THAT(test::list(dir_ / "public"), IsEmpty());
}

TEST_F(ImportTest, DisposesOnlyWhenTold) {
    for (const auto* dispose : {"NO", "", "no"}) {
        export_prints("128", dispose);
        import();
        EXPECT_EQ(disposed(), "") << dispose;
    }
}

TEST_F(ImportTest, ADisposeThatFailsIsAWarning) {
    test::write_script(dir_ / "dispose", "#!/bin/sh\necho 'no such snapshot' >&2\nexit 1\n");
    EXPECT_FALSE(import().empty());
    EXPECT_EQ(test::list(dir_ / "public").size(), 2U) << "the image and its manifest";
    ASSERT_EQ(context_.log.lines().size(), 2U);
    EXPECT_TRUE(context_.log.contains("dispose: no such snapshot"));
    EXPECT_EQ(context_.log.lines().back().first, LogLevel::warning);
}

TEST_F(ImportTest, AnExportThatFailsSaysSo) {
    test::write_script(site_.remotes + "/datastore/labds/export",
                       "#!/bin/sh\necho 'no space' >&2\nexit 1\n");
    EXPECT_EQ(import(), "unavailable: Error exporting image to file: no space");
    test::write_script(site_.remotes + "/datastore/labds/export", "#!/bin/sh\necho done\n");
    EXPECT_THAT(import(), StartsWith("corrupt: Error exporting image to file: "));
    EXPECT_EQ(disposed(), "");
}

TEST_F(ImportTest, ACancelIsNoFailureOfTheExport) {
    context_.stop.request_stop();
    EXPECT_EQ(import(), "cancelled: cancelled");
}

}  // namespace
}  // namespace onemarket
