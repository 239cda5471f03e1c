// SPDX-License-Identifier: Apache-2.0
// What onemarketctl doctor says of installations. A driver that runs is in the session
// tests/transcripts/ctl/doctor.mad.
#include "daemon/ctl/doctor/examined.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "daemon/ctl/downloader_wrapper.h"
#include "daemon/journal.h"
#include "protocol/base64.h"
#include "tests/backends/helpers.h"
#include "tests/support/sshd.h"

namespace onemarket {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using test::write_file;
using test::write_script;
using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr const char* kConf =
    "MARKET_MAD = [ EXECUTABLE = \"onemarketd\", ARGUMENTS = \"-t 15 -m http,lab\" ]\n"
    "MARKET_MAD_CONF = [ NAME = \"http\", PUBLIC = \"no\" ]\n"
    "MARKET_MAD_CONF = [ NAME = \"lab\", PUBLIC = \"no\" ]\n";

class DoctorTest : public testing::Test {
  protected:
    // An installation that is well.
    DoctorTest() {
        for (const char* folder :
             {"etc", "lib/mads", "var/remotes/market/lab", "var/remotes/datastore"})
            fs::create_directories(one_ + "/" + folder);
        conf(kConf);
        write_file(one_ + "/var/remotes/VERSION", "7.0.0\n");
        write_file(dir_ / "ca.pem", "-----BEGIN CERTIFICATE-----\n");
        config("CA_FILE = \"" + dir_ / "ca.pem" + "\"\n");
        write_script(one_ + "/lib/mads/onemarketd", "#!/bin/sh\n");
        write_script(one_ + "/var/remotes/market/lab/monitor", "#!/bin/sh\n");
        write_script(one_ + "/var/remotes/datastore/downloader.sh", "#!/bin/sh\n");
    }
    void conf(const std::string& text) { write_file(one_ + "/etc/oned.conf", text); }
    void config(const std::string& text) { write_file(one_ + "/etc/onemarketd.conf", text); }
    // Of a marketplace with this BRIDGE_LIST.
    void keep_message(const std::string& bridges) {
        std::string xml =
            test::message_xml("monitor-http", {{"PUBLIC_DIR", "/p"}, {"BASE_URL", "http://h"}});
        xml.insert(xml.find("<PUBLIC_DIR>"), "<BRIDGE_LIST>" + bridges + "</BRIDGE_LIST>");
        test::RecordingLog log;
        MarketMessages(state_).keep(100, base64_encode(xml), log);
    }

    std::vector<std::string> doctor(bool hosts = false,
                                    Examined::Time now = std::chrono::system_clock::now()) {
        std::vector<std::string> lines;
        Findings findings([&lines](const Finding& finding) {
            EXPECT_EQ(finding.remedy.empty(), finding.state == Finding::State::ok) << finding.what;
            lines.push_back(std::string(to_string(finding.state)) + " " + finding.what + ": " +
                            finding.text + (finding.remedy.empty() ? "" : " -> " + finding.remedy));
        });
        examine(Examined({{"ONE_LOCATION", one_}, {"PATH", path_}}, hosts, now), context_,
                findings);
        return lines;
    }

    test::Ignored pipe_signal_{SIGPIPE};
    test::TempDir dir_;
    std::string one_ = dir_ / "one";
    std::string state_ = one_ + "/var/onemarketd";
    std::string path_ = "/usr/bin:/bin";
    test::TestContext context_;
};

TEST_F(DoctorTest, AnInstallationThatIsWell) {
    const auto lines = doctor();
    EXPECT_THAT(lines, Each(testing::AnyOf(Not(StartsWith("problem ")),
                                           StartsWith("problem driver: does not run"))));
    for (const std::string& line :
         {"ok OpenNebula: 7.0.0, " + one_ + "/var",
          "ok " + one_ + "/etc/oned.conf: MARKET_MAD runs onemarketd",
          "ok " + one_ + "/lib/mads/onemarketd: where oned looks, and executable",
          std::string("ok marketplaces http: served by the driver"),
          "ok marketplaces lab: served by " + one_ + "/var/remotes/market/lab",
          "ok " + one_ + "/etc/onemarketd.conf: correct",
          "ok " + state_ + ": not there; the driver's first start makes it",
          std::string("ok journal: empty: nothing is under way"),
          "ok TLS: 1 trusted certificate, " + dir_ / "ca.pem"})
        EXPECT_THAT(lines, Contains(line));
    EXPECT_THAT(lines, Contains(StartsWith("problem driver: does not run")));
    EXPECT_FALSE(fs::exists(state_)) << "it changes nothing";
}

TEST_F(DoctorTest, WithoutAnOpenNebulaThereIsNothingToLookAt) {
    fs::remove_all(one_);
    const Error error = error_of([this] { doctor(); });
    EXPECT_EQ(error.kind(), ErrorKind::not_found);
    EXPECT_THAT(error.what(), HasSubstr("no OpenNebula here"));
}

TEST_F(DoctorTest, OnedConf) {
    const std::string file = one_ + "/etc/oned.conf";
    conf("MARKET_MAD = [ EXECUTABLE = \"one_market\" ]\n");
    EXPECT_THAT(doctor(),
                Contains("problem " + file +
                         ": MARKET_MAD runs one_market -> sudo onemarketctl oned-conf --apply"));
    conf("MARKET_MAD = [ EXECUTABLE = \"one_market\"\n");
    EXPECT_THAT(doctor(),
                Contains(StartsWith("problem " + file + ": oned could not read it: line 2")));
    fs::remove(file);
    EXPECT_THAT(doctor(),
                Contains(StartsWith("problem " + file + ": No such file or directory -> ")));
}

TEST_F(DoctorTest, TheProgramOnedRuns) {
    const std::string program = one_ + "/lib/mads/onemarketd";
    fs::permissions(program, fs::perms(0644));
    EXPECT_THAT(doctor(), Contains(StartsWith("problem " + program +
                                              ": Permission denied -> chmod 755 " + program)));
    fs::remove(program);
    EXPECT_THAT(doctor(), Contains(StartsWith("problem " + program + ": No such file")));
    conf("MARKET_MAD = [ EXECUTABLE = \"/opt/onemarketd\" ]\n");
    EXPECT_THAT(doctor(), Contains(StartsWith("problem /opt/onemarketd: No such file")));
}

TEST_F(DoctorTest, OptionsAndTypes) {
    conf(
        "MARKET_MAD = [ EXECUTABLE = \"onemarketd\", ARGUMENTS = \"-t 15 -m http,gone,lab -z\" ]\n"
        "MARKET_MAD_CONF = [ NAME = \"http\" ]\n");
    const auto lines = doctor();
    EXPECT_THAT(lines,
                Contains(HasSubstr("ARGUMENTS of MARKET_MAD: command line: unknown option '-z'")));
    EXPECT_THAT(lines,
                Contains(AllOf(StartsWith("problem marketplaces gone: served by scripts, but "),
                               HasSubstr("take gone out of -m"))));
    EXPECT_THAT(lines, Contains(StartsWith("warning marketplaces lab: no MARKET_MAD_CONF")));
    config("MARKET_SCRIPTS = \"http\"\n");
    EXPECT_THAT(doctor(), Contains(StartsWith("problem marketplaces http: served by scripts")));
}

TEST_F(DoctorTest, Configuration) {
    config("COLOUR = red\nCA_FILE = \"/nowhere\"\nTLS_UNVERIFIED_HOSTS = \"old.host\"\n");
    const auto lines = doctor();
    EXPECT_THAT(lines, Contains(AllOf(StartsWith("problem configuration: "),
                                      HasSubstr("unknown key COLOUR"))));
    EXPECT_THAT(lines, Contains(AllOf(StartsWith("problem TLS: /nowhere: No such file"),
                                      HasSubstr("CA_FILE"))));
    EXPECT_THAT(lines, Contains(StartsWith("warning TLS: the certificate of old.host")));
    config("TLS_VERIFY = no\n");
    EXPECT_THAT(doctor(), Contains(StartsWith("warning TLS: certificates are not verified")));
    write_file(dir_ / "ca.pem", "none");
    config("CA_FILE = \"" + dir_ / "ca.pem" + "\"\n");
    EXPECT_THAT(doctor(), Contains(HasSubstr("ca.pem: no certificate in it -> ")));
    fs::remove(one_ + "/var/remotes/VERSION");
    EXPECT_THAT(doctor(), Contains(AllOf(HasSubstr("VERSION is missing"),
                                         HasSubstr(" -> restore that file"))));
}

TEST_F(DoctorTest, TheScriptThatFetchesApps) {
    fs::remove(one_ + "/var/remotes/datastore/downloader.sh");
    EXPECT_THAT(doctor(),
                Contains(AllOf(HasSubstr("downloader.sh: No such file"), StartsWith("problem "))));
}

TEST_F(DoctorTest, TheWrapperOfTheDownloader) {
    const std::string folder = one_ + "/var/remotes/datastore";
    const std::string script = folder + "/downloader.sh";
    EXPECT_THAT(doctor(),
                Contains("ok " + script + ": there, the site's own, for what datastores fetch"));
    write_script(dir_ / "onemarket-downloader", "#!/bin/sh\n");
    DownloaderWrapper(folder, dir_ / "onemarket-downloader").install(false);
    EXPECT_THAT(doctor(), Contains("ok " + script + ": runs onemarket-downloader"));
    write_script(script, "#!/bin/sh\n# of the upgrade\n");
    EXPECT_THAT(doctor(), Contains(AllOf(StartsWith("warning " + script),
                                         HasSubstr("an upgrade of OpenNebula has replaced"),
                                         HasSubstr("downloader install --force"))));
}

TEST_F(DoctorTest, TheStateFolder) {
    fs::create_directory(state_);
    fs::permissions(state_, fs::perms(0755));
    EXPECT_THAT(doctor(), Contains("warning " + state_ +
                                   ": others may look into it: messages in it have "
                                   "secrets -> chmod 700 " +
                                   state_));
    fs::permissions(state_, fs::perms(0700));
    EXPECT_THAT(doctor(), Contains("ok " + state_ + ": can be written to"));
    fs::remove(state_);
    write_file(state_, "");
    EXPECT_THAT(doctor(), Contains(StartsWith("problem " + state_ + ": no folder")));
}

// What its rights do not tell.
TEST_F(DoctorTest, AJournalNothingCanBeNotedDownIn) {
    fs::create_directories(state_ + "/journal");
    EXPECT_THAT(doctor(), Not(Contains(HasSubstr("/journal: "))));
    EXPECT_TRUE(fs::is_empty(state_ + "/journal")) << "it leaves nothing";
    const test::FullDisk full(100);
    EXPECT_THAT(doctor(), Contains(AllOf(StartsWith("problem " + state_ +
                                                    "/journal: nothing can be "
                                                    "noted down: "),
                                         HasSubstr("File too large"))));
}

// Of somebody who ran a command as root.
TEST_F(DoctorTest, AStateFolderOfSomebodyElse) {
    if (!test::is_root()) GTEST_SKIP() << "nobody else can give files away";
    fs::create_directories(state_ + "/journal");
    ASSERT_EQ(::chown((state_ + "/journal").c_str(), 12345, 12345), 0);
    EXPECT_THAT(doctor(), Contains(AllOf(StartsWith("problem " + state_ +
                                                    "/journal: belongs to user 12345: the "
                                                    "driver cannot write to it -> chown -R "),
                                         HasSubstr(state_))));
    ASSERT_EQ(::chown((one_ + "/var").c_str(), 12345, 12345), 0);
    EXPECT_THAT(
        doctor(),
        Contains("warning user: this is run as root, the driver is as user 12345: what that "
                 "one may do it does not show -> sudo -u user 12345 onemarketctl doctor"));
}

TEST_F(DoctorTest, TheJournal) {
    fs::create_directory(state_);
    {
        Journal journal(state_ + "/journal");
        journal.open({Action::import, 5, "payload"});
        journal.open({Action::remove, 6, "payload"});
    }
    EXPECT_THAT(doctor(),
                Contains("ok journal: 1 under way, 1 kept to be deleted, the oldest for 0 s"));
    EXPECT_THAT(doctor(false, std::chrono::system_clock::now() + std::chrono::hours(50)),
                Contains(StartsWith(
                    "warning journal: 1 under way, 1 kept to be deleted, the oldest for 2 d -> ")));
    // One that is being written is left as it is.
    const std::string half = state_ + "/journal/import-7-0123456789abcdef";
    write_file(half, "half");
    EXPECT_THAT(doctor(), Contains(StartsWith("warning journal: " + half + ": damaged")));
    EXPECT_EQ(test::read_file(half), "half");
}

TEST_F(DoctorTest, TheClock) {
    EXPECT_THAT(doctor(false, std::chrono::system_clock::from_time_t(86'400)),
                Contains(StartsWith("problem clock: 1970-01-02T00:00:00Z is long past -> ")));
    keep_message("");
    EXPECT_THAT(
        doctor(false, std::chrono::system_clock::now() - std::chrono::hours(1)),
        Contains(AllOf(StartsWith("problem clock: "), HasSubstr("the driver has written at"))));
    EXPECT_THAT(doctor(), Contains(StartsWith("ok clock: ")));
}

TEST_F(DoctorTest, BridgesAreConnectedToWhenTold) {
    if (!test::Sshd::is_there()) GTEST_SKIP() << "OpenSSH's server is not installed";
    const test::Sshd sshd;
    path_ = sshd.bin() + ":" + path_;
    keep_message("bridge1 down");
    EXPECT_THAT(doctor(), Contains("ok bridges: 2, not connected to: --hosts does"));
    EXPECT_EQ(sshd.connections(), 0);
    const auto lines = doctor(true);
    EXPECT_THAT(lines, Contains("ok bridge bridge1: can be worked with"));
    EXPECT_THAT(lines, Contains(AllOf(StartsWith("problem bridge down: "),
                                      HasSubstr("ssh down must work for"))));
    path_ = dir_.path().string();
    EXPECT_THAT(doctor(),
                Contains(AllOf(StartsWith("problem ssh: not found"), HasSubstr("openssh-client"))));
}

}  // namespace
}  // namespace onemarket
