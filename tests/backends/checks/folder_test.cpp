// SPDX-License-Identifier: Apache-2.0
// A market that is well is checked by the conformance suite. Here: what is said of those that are
// not.
#include "backends/checks/folder.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "backends/http.h"
#include "backends/io/folder.h"
#include "tests/backends/checks/findings.h"
#include "tests/support/http_server.h"
#include "tests/support/sshd.h"

namespace onemarket::test {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class FolderCheckTest : public testing::Test {
  protected:
    FolderCheckTest() { std::filesystem::create_directory(public_); }

    std::vector<std::string> check(const std::string& folder, const std::string& url,
                                   const std::string& more = "") {
        std::string xml = message_xml("monitor-http", {{"PUBLIC_DIR", folder}, {"BASE_URL", url}});
        xml.insert(xml.find("<PUBLIC_DIR>"), more);
        return findings_of(backend_, *DriverMessage::parse(xml), context_);
    }
    std::vector<std::string> check() { return check(public_, web_.url()); }
    void give(const std::string& status, const std::string& body = "") {
        answer_ = [=](const HttpAsked&) -> HttpGiven { return {status, {}, body}; };
    }

    Ignored pipe_signal_{SIGPIPE};
    TempDir dir_;
    std::string public_ = dir_ / "public";
    TestSite site_;
    TestContext context_;
    HttpBackend backend_{site_.site};
    HttpServer::Answer answer_ = [this](const HttpAsked& asked) -> HttpGiven {
        if (!std::filesystem::exists(public_ + asked.target)) return {"404 Not Found"};
        return {"200 OK", {}, read_file(public_ + asked.target)};
    };
    HttpServer web_{[this](const HttpAsked& asked) { return answer_(asked); }};
};

TEST_F(FolderCheckTest, AGoodOne) {
    const std::string folder = "ok PUBLIC_DIR " + public_ + ": ";
    EXPECT_THAT(check(),
                ElementsAre(AllOf(StartsWith(folder + "there, "), HasSubstr("MB free of")),
                            folder + "a file can be written", folder + "it reads as it was written",
                            "ok BASE_URL " + web_.url() + ": shows what is in PUBLIC_DIR",
                            folder + "it can be removed"));
    EXPECT_THAT(list(public_), IsEmpty());
}

TEST_F(FolderCheckTest, WhatItWritesGcKnowsForOurs) {
    std::string asked_for;
    answer_ = [&](const HttpAsked& asked) -> HttpGiven {
        asked_for = asked.target.substr(1);
        return {"404 Not Found"};
    };
    check();
    EXPECT_TRUE(app_of_image(image_of_manifest(asked_for))) << asked_for;
}

TEST_F(FolderCheckTest, AFolderThatIsMissingOrNone) {
    EXPECT_THAT(check(dir_ / "none", web_.url()),
                ElementsAre("problem PUBLIC_DIR " + dir_ / "none" +
                            ": No such file or directory -> PUBLIC_DIR must be a folder that is "
                            "there: create it, or mount what it is on"));
    write_file(dir_ / "file", "");
    EXPECT_THAT(check(dir_ / "file", web_.url()),
                ElementsAre(HasSubstr(dir_ / "file" + ": Not a directory -> ")));
    EXPECT_TRUE(web_.asked().empty());
}

// There nobody may create a file, not even root.
TEST_F(FolderCheckTest, AFolderNobodyMayWriteTo) {
    EXPECT_THAT(check("/sys", web_.url()),
                Contains("problem PUBLIC_DIR /sys: Permission denied -> let the driver's user "
                         "(oneadmin) read, write and enter it"));
    EXPECT_TRUE(web_.asked().empty());
}

TEST_F(FolderCheckTest, AnAddressThatIsNotTheFolders) {
    give("404 Not Found");
    EXPECT_THAT(check(), Contains("problem BASE_URL " + web_.url() +
                                  ": HTTP 404 Not Found for a file that is in PUBLIC_DIR -> "
                                  "BASE_URL and PUBLIC_DIR must be the same folder: correct one "
                                  "of them, or the web server"));
    give("200 OK", "<html>Welcome</html>");
    EXPECT_THAT(check(), Contains(HasSubstr("other bytes come than those of the file")));
    give("403 Forbidden");
    EXPECT_THAT(check(), Contains(AllOf(HasSubstr("HTTP 403 Forbidden"),
                                        HasSubstr("let the web server's user read PUBLIC_DIR"))));
    EXPECT_THAT(list(public_), IsEmpty());
}

TEST_F(FolderCheckTest, AnAddressBehindARedirection) {
    const auto files = answer_;
    answer_ = [=](const HttpAsked& asked) -> HttpGiven {
        if (asked.target.starts_with("/there/"))
            return files({asked.target.substr(6), asked.headers});
        return {"301 Moved", {{"Location", "/there" + asked.target}}};
    };
    EXPECT_THAT(check(), Each(StartsWith("ok ")));
    answer_ = [](const HttpAsked& asked) -> HttpGiven {
        return {"301 Moved", {{"Location", asked.target}}};
    };
    EXPECT_THAT(check(), Contains(HasSubstr("HTTP 301 Moved for a file")));
}

TEST_F(FolderCheckTest, AnAddressNobodyAnswersAt) {
    EXPECT_THAT(check(public_, "http://127.0.0.1:1/images/"),
                Contains(AllOf(StartsWith("problem BASE_URL http://127.0.0.1:1/images: Failed to "
                                          "connect"),
                               HasSubstr(" -> start its web server, or correct BASE_URL"))));
    EXPECT_THAT(list(public_), IsEmpty());
}

TEST_F(FolderCheckTest, ATemplateThatLacksSomething) {
    std::string xml = message_xml("monitor-http", {{"PUBLIC_DIR", ""}, {"BASE_URL", "http://h"}});
    EXPECT_THAT(
        findings_of(backend_, *DriverMessage::parse(xml), context_),
        ElementsAre(AllOf(HasSubstr("PUBLIC_DIR is missing"), HasSubstr("onemarket update"))));
    EXPECT_THAT(check(public_, web_.url(), "<BRIDGE_LIST>-oProxyCommand=x</BRIDGE_LIST>"),
                ElementsAre(StartsWith("problem template: ")));
}

TEST_F(FolderCheckTest, EachBridgeIsTried) {
    if (!Sshd::is_there()) GTEST_SKIP() << "OpenSSH's server is not installed";
    const Sshd sshd;
    site_.site.environment[0] = "PATH=" + sshd.bin() + ":/usr/bin:/bin";
    const auto lines = check(public_, web_.url(), "<BRIDGE_LIST>bridge1 down</BRIDGE_LIST>");
    ASSERT_EQ(lines.size(), 6U);
    EXPECT_EQ(lines[1], "ok PUBLIC_DIR bridge1:" + public_ + ": a file can be written");
    EXPECT_EQ(lines[4], "ok PUBLIC_DIR bridge1:" + public_ + ": it can be removed");
    EXPECT_THAT(lines[5], AllOf(StartsWith("problem PUBLIC_DIR down:" + public_ + ": "),
                                HasSubstr(" -> ssh to this host must work for the driver's user "
                                          "without a question")));
    EXPECT_THAT(list(public_), IsEmpty());
    EXPECT_THAT(check(dir_ / "none", web_.url(), "<BRIDGE_LIST>bridge2</BRIDGE_LIST>"),
                ElementsAre(AllOf(StartsWith("problem PUBLIC_DIR bridge2:" + dir_ / "none: "),
                                  HasSubstr("No such file or directory -> PUBLIC_DIR must be"))));
}

}  // namespace
}  // namespace onemarket::test
