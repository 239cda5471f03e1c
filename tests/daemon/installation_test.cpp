// SPDX-License-Identifier: Apache-2.0
#include "daemon/installation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <string>

#include "tests/support/support.h"

namespace onemarket {
namespace {

using std::chrono::seconds;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

// A self-contained installation below a folder of the test.
class InstallationTest : public testing::Test {
  protected:
    void write(const std::string& name, const std::string& text) {
        test::write_file(dir_ / name, text);
    }
    void write_whole() {
        write("etc/onemarketd.conf",
              "TRANSFERS=\"2\"\nDELETE_TIMEOUT=\"9\"\nSCRIPT_OUTPUT_MB=\"3\"");
        write("etc/defaultrc", "PRIORITY=5\nONE_MAD_DEBUG=1\n");
        write("var/remotes/VERSION", "6.6.2\n");
    }

    test::TempDir dir_;
    Options options_;
    Environment process_{{"ONE_LOCATION", dir_.path().string()}, {"PATH", "/bin"}};
};

TEST_F(InstallationTest, ReadsWhatIsThere) {
    write_whole();
    options_ = parse_options({"-m http,s3 -p http://proxy -i"});
    const Installation installation(options_, process_);
    EXPECT_THAT(installation.problems(), IsEmpty());
    EXPECT_EQ(installation.priority(), 5);
    EXPECT_EQ(installation.config_file(), dir_ / "etc/onemarketd.conf");
    EXPECT_EQ(installation.services()->config.transfers, 2U);

    const auto held = installation.services();
    const Services& services = *held;
    const std::string root = dir_.path().string();
    EXPECT_EQ(services.site.remotes, dir_ / "var/remotes");
    EXPECT_EQ(services.site.work_dir, dir_ / "var");
    EXPECT_EQ(services.site.release, (Release{6, 6, 2}));
    EXPECT_EQ(services.site.max_script_output, size_t{3} << 20);
    EXPECT_TRUE(services.site.export_stdin);
    EXPECT_THAT(services.site.environment,
                testing::UnorderedElementsAre("ONE_LOCATION=" + root, "PATH=/bin", "PRIORITY=5",
                                              "ONE_MAD_DEBUG=1", "http_proxy=http://proxy"));
    EXPECT_EQ(services.markets, (std::set<std::string, std::less<>>{"http", "s3"}));
}

TEST_F(InstallationTest, MarketsThatNobodyServes) {
    write_whole();
    write("etc/onemarketd.conf", "MARKET_SCRIPTS=\"s3, htp\"");
    options_ = parse_options({"-m http,htttp,local"});
    // Where there are no scripts it cannot be told.
    EXPECT_THAT(Installation(options_, process_).problems(), IsEmpty());
    write("var/remotes/market/local/monitor", "");
    write("var/remotes/market/s3/monitor", "");
    const std::string folder = dir_ / "var/remotes/market";
    EXPECT_THAT(
        Installation(options_, process_).problems(),
        testing::ElementsAre("option -m: 'htttp' is neither built in nor a folder of " + folder,
                             "MARKET_SCRIPTS: 'htp' is no folder of " + folder));
}

TEST_F(InstallationTest, AFileOfCertificatesHasSome) {
    write_whole();
    const std::string file = dir_ / "etc/ca.pem";
    write("etc/onemarketd.conf", "CA_FILE=\"" + file + "\"");
    EXPECT_THAT(Installation(options_, process_).problems(),
                testing::ElementsAre("CA_FILE " + file + ": No such file or directory"));
    write("etc/ca.pem", "-----BEGIN PRIVATE KEY-----\n");
    EXPECT_THAT(Installation(options_, process_).problems(),
                testing::ElementsAre("CA_FILE " + file + ": no certificate (PEM) in it"));
    for (const char* kind : {"", "TRUSTED ", "X509 "}) {
        write("etc/ca.pem", "# mine\n-----BEGIN " + std::string(kind) + "CERTIFICATE-----\n");
        EXPECT_THAT(Installation(options_, process_).problems(), IsEmpty());
    }
}

TEST_F(InstallationTest, TimeLimits) {
    write_whole();
    const Installation standard(options_, process_);
    EXPECT_EQ(standard.services()->import_limit.span, seconds(0));
    EXPECT_EQ(standard.services()->monitor_limit.span, seconds(60));
    EXPECT_EQ(standard.services()->remove_limit.span, seconds(9));

    const Installation given(parse_options({"-w 77"}), process_);
    EXPECT_EQ(given.services()->import_limit.span, seconds(77));
    EXPECT_TRUE(given.services()->import_limit.idle_only);
    EXPECT_EQ(given.services()->monitor_limit.span, seconds(77));
    EXPECT_FALSE(given.services()->monitor_limit.idle_only);
    EXPECT_EQ(given.services()->remove_limit.span, seconds(77));
    EXPECT_FALSE(given.services()->remove_limit.idle_only);
}

TEST_F(InstallationTest, RunsOnDefaultsWhereNothingIs) {
    const Installation installation(options_, process_);
    EXPECT_THAT(installation.problems(), Contains(HasSubstr("/VERSION is missing")));
    EXPECT_EQ(installation.problems().size(), 1U);
    EXPECT_EQ(installation.priority(), 19);
    EXPECT_EQ(installation.services()->site.work_dir, "/");
    EXPECT_EQ(installation.services()->site.release, Release{});
    EXPECT_EQ(installation.services()->markets, std::nullopt);
}

TEST_F(InstallationTest, SaysAllThatIsWrong) {
    write("etc/onemarketd.conf", "COLOUR=\"red\"");
    write("etc/defaultrc", "PRIORITY=high\n");
    options_ = parse_options({"-t none"});
    const Installation installation(options_, process_);
    EXPECT_THAT(installation.problems(), Contains(HasSubstr("unknown key COLOUR")));
    EXPECT_THAT(installation.problems(), Contains(HasSubstr("'none'")));
    EXPECT_THAT(installation.problems(), Contains(HasSubstr("'high'")));
    EXPECT_THAT(installation.problems(), Contains(HasSubstr("/VERSION is missing")));
}

TEST_F(InstallationTest, PrioritiesThatAreNone) {
    for (const auto* priority : {"20", "-5", "1.5", "99999999999", ""}) {
        write_whole();
        write("etc/defaultrc", std::string("PRIORITY=") + priority);
        const Installation installation(options_, process_);
        EXPECT_EQ(installation.priority(), 0) << priority;
        EXPECT_THAT(installation.problems(), testing::ElementsAre(HasSubstr("PRIORITY")))
            << priority;
    }
}

// INIT must be answered whatever is in the way.
TEST_F(InstallationTest, NothingThrowsThoughFoldersStandWhereFilesShould) {
    for (const auto* name : {"etc/onemarketd.conf", "etc/defaultrc", "var/remotes/VERSION"}) {
        write_whole();
        std::filesystem::remove_all(dir_ / name);
        std::filesystem::create_directories(dir_ / name);
        EXPECT_NO_THROW(Installation(options_, process_)) << name;
        std::filesystem::remove_all(dir_ / name);
    }
}

TEST_F(InstallationTest, ReadAgain) {
    write_whole();
    Installation installation(options_, process_);
    const auto before = installation.services();
    write("etc/onemarketd.conf", "MONITOR_TIMEOUT=77\nTRANSFERS=5\nBANDWIDTH_MB=3\n");
    write("var/remotes/VERSION", "6.10.0\n");
    EXPECT_THAT(installation.reload().faults, IsEmpty());
    const auto after = installation.services();
    EXPECT_EQ(after->monitor_limit.span, seconds(77));
    EXPECT_EQ(after->site.release, (Release{6, 10, 0}));
    EXPECT_TRUE(after->bandwidth->limited());
    EXPECT_EQ(&after->transfers, &before->transfers);
    // Who has the old ones has them still.
    EXPECT_EQ(before->monitor_limit.span, seconds(60));
    EXPECT_EQ(before->site.release, (Release{6, 6, 2}));
}

TEST_F(InstallationTest, AFaultLeavesAllAsItWas) {
    write_whole();
    Installation installation(options_, process_);
    const auto before = installation.services();
    for (const std::string text :
         {"COLOUR=red\nTRANSFERS=7\n", "TRANSFERS=many\n", "CA_FILE=/missing\n", "x\n"}) {
        write("etc/onemarketd.conf", text);
        EXPECT_THAT(installation.reload().faults, testing::SizeIs(1)) << text;
        EXPECT_EQ(installation.services(), before);
    }
    // What is around it is no reason, but told.
    write("etc/onemarketd.conf", "MARKET_SCRIPTS = htp\n");
    write("var/remotes/market/s3/monitor", "");
    write("etc/defaultrc", "PRIORITY=fast\n");
    std::filesystem::remove(dir_ / "var/remotes/VERSION");
    const Installation::Reading reading = installation.reload();
    EXPECT_THAT(reading.faults, IsEmpty());
    EXPECT_THAT(reading.problems, testing::ElementsAre(HasSubstr("'htp'"), HasSubstr("'fast'"),
                                                       HasSubstr("VERSION")));
    EXPECT_NE(installation.services(), before);
}

// To go on with the default would be to trust somebody else.
TEST_F(InstallationTest, WhomToTrustMustBeSaidRight) {
    write_whole();
    for (const std::string text :
         {"CA_FILE=certs.pem", "TLS_VERIFY=perhaps", "TLS_UNVERIFIED_HOSTS=\"https://a\""}) {
        write("etc/onemarketd.conf", text + "\n");
        const Installation installation(options_, process_);
        EXPECT_THAT(installation.services()->site.http.no_tls,
                    HasSubstr(", line 1: " + text.substr(0, text.find('='))));
    }
    // The TLS library would wait for whoever writes into it.
    const std::string fifo = dir_ / "ca.pem";
    ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    write("etc/onemarketd.conf", "CA_FILE=" + fifo + "\n");
    EXPECT_EQ(Installation(options_, process_).services()->site.http.no_tls,
              "CA_FILE " + fifo + ": a FIFO");
    write("etc/onemarketd.conf", "TRANSFERS=many\n");
    EXPECT_EQ(Installation(options_, process_).services()->site.http.no_tls, "");
}

}  // namespace
}  // namespace onemarket
