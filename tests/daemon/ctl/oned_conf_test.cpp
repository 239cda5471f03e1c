// SPDX-License-Identifier: Apache-2.0
#include "daemon/ctl/oned_conf.h"

#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "tests/backends/helpers.h"

namespace onemarket {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using test::list;
using test::read_file;
using test::write_file;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kConf = R"(# MARKET_MAD = [ EXECUTABLE = "of a comment" ]
LOG = [
  SYSTEM      = "file",   # MARKET_MAD
  DEBUG_LEVEL = 3
]
PORT = 2633

# Marketplace driver; MARKET_MAD = [
MARKET_MAD = [
    # what is run
    EXECUTABLE = "one_market",   # EXECUTABLE = "x"
    ARGUMENTS  = "-t 15 -m http,s3,one,linuxcontainers -p \"a]b\""
]

MARKET_MAD_CONF = [
    NAME = "http", REQUIRED_ATTRS = "BASE_URL,PUBLIC_DIR", APP_ACTIONS = "create, delete", PUBLIC = "no"
]
INHERIT_IMAGE_ATTR = "MARKET_MAD")";

constexpr const char* kApplied = R"(# Marketplace driver; MARKET_MAD = [
# MARKET_MAD as it was before `onemarketctl oned-conf --apply`; `--revert` puts it back:
#| MARKET_MAD = [
#|     # what is run
#|     EXECUTABLE = "one_market",   # EXECUTABLE = "x"
#|     ARGUMENTS  = "-t 15 -m http,s3,one,linuxcontainers -p \"a]b\""
#| ]
MARKET_MAD = [
    # what is run
    EXECUTABLE = "onemarketd",   # EXECUTABLE = "x"
    ARGUMENTS  = "-t 15 -m http,s3,one,linuxcontainers -p \"a]b\""
]

MARKET_MAD_CONF = [)";

std::string conf_with(const std::string& block) {
    return "PORT = 2633\n" + block + "\nMARKET_MAD_CONF = [ NAME = \"http\" ]\n";
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
    const size_t at = text.rfind(what);
    EXPECT_NE(at, std::string::npos) << what;
    return text.replace(at, what.size(), with);
}

std::string refusal_of(const std::string& text, bool force = false) {
    return error_of([&] { OnedConf(text).applied(force); }).what();
}

TEST(OnedConf, ThereAndBackChangesTheOneBlock) {
    const std::string text = std::string(kConf) + "\n";
    const std::string applied = OnedConf(text).applied(false);
    EXPECT_THAT(applied, HasSubstr(kApplied));
    EXPECT_EQ(OnedConf(applied).arguments(), R"(-t 15 -m http,s3,one,linuxcontainers -p "a]b")");
    EXPECT_EQ(OnedConf(applied).applied(false), applied);
    EXPECT_EQ(OnedConf(applied).reverted(false), text);
}

TEST(OnedConf, TheBytesComeBackWhateverTheyAre) {
    for (const std::string block : {
             "MARKET_MAD = [ EXECUTABLE = \"one_market\" ]",
             "MARKET_MAD=[EXECUTABLE=one_market]",
             "MARKET_MAD=[EXECUTABLE=one_market]\r",
             "  market_mad\t=\t[\n\n\nexecutable = one_market\n\n\n]   ",
             "MARKET_MAD = [\r\n  EXECUTABLE = \"one_market\",\r\n  ARGUMENTS = \"-t 15\"\r\n]\r",
             "MARKET_MAD = [\n  EXECUTABLE = \"/usr/lib/one/mads/one_market\", # \"]\n"
             "  ARGUMENTS = \"-t 15\n#| -m http\n \"\n] # the end",
             "MARKET_MAD = [ ARGUMENTS = \"EXECUTABLE\", EXECUTABLE = \"one_market\" ] PORT2 = 1",
             "A = \"x\nMARKET_MAD = [\"\nMARKET_MAD = [ EXECUTABLE = \"one_market\" ]",
         }) {
        const std::string text = conf_with(block);
        const std::string applied = OnedConf(text).applied(false);
        EXPECT_EQ(OnedConf(applied).executable(), "onemarketd") << text;
        EXPECT_EQ(OnedConf(applied).arguments(), OnedConf(text).arguments()) << text;
        EXPECT_EQ(OnedConf(applied).reverted(false), text);
    }
    const std::string bare = "MARKET_MAD = [ EXECUTABLE = \"one_market\" ]";  // no end of line
    EXPECT_EQ(OnedConf(OnedConf(bare).applied(false)).reverted(false), bare);
    EXPECT_TRUE(
        OnedConf(bare).applied(false).ends_with("\nMARKET_MAD = [ EXECUTABLE = \"onemarketd\" ]"));
}

TEST(OnedConf, WhatTheSiteChangedSinceStays) {
    const std::string applied = OnedConf(conf_with("MARKET_MAD = [ EXECUTABLE = one_market,\n"
                                                   "ARGUMENTS = \"-t 15\" ]"))
                                    .applied(false);
    const std::string changed = replaced(applied, "-t 15", "-t 30 -m http");
    EXPECT_EQ(
        OnedConf(changed).reverted(false),
        conf_with("MARKET_MAD = [ EXECUTABLE = one_market,\nARGUMENTS = \"-t 30 -m http\" ]"));
    // The comment is found wherever it is.
    EXPECT_EQ(
        OnedConf(replaced(applied, "\nMARKET_MAD =", "\n\n# ours\nMARKET_MAD =")).reverted(false),
        "PORT = 2633\n\n# ours\nMARKET_MAD = [ EXECUTABLE = one_market,\n"
        "ARGUMENTS = \"-t 15\" ]\nMARKET_MAD_CONF = [ NAME = \"http\" ]\n");
}

TEST(OnedConf, AnEditByHandLeavesNoSecondComment) {
    const std::string text = conf_with("MARKET_MAD = [ EXECUTABLE = \"one_market\" ]");
    const std::string applied = OnedConf(text).applied(false);
    const std::string by_hand = replaced(applied, "\"onemarketd\"", "\"one_market\"");
    EXPECT_EQ(OnedConf(by_hand).applied(false), applied);
}

TEST(OnedConf, WhatIsNotUnderstoodIsRefusedInWords) {
    EXPECT_THAT(refusal_of("PORT = 1\n# MARKET_MAD = [ EXECUTABLE = \"one_market\" ]\n"),
                HasSubstr("has no MARKET_MAD"));
    const std::string block = "MARKET_MAD = [ EXECUTABLE = \"one_market\" ]\n";
    EXPECT_THAT(refusal_of(block + "\n" + block),
                HasSubstr("more than one MARKET_MAD, in the lines 1 and 3"));
    EXPECT_THAT(refusal_of("MARKET_MAD = [ EXECUTABLE = \"one_market\"\nPORT = 1\n"),
                HasSubstr("oned could not read it: line 2"));
    EXPECT_THAT(refusal_of(block + "# the last line has no end"), HasSubstr("could not read it"));
    EXPECT_THAT(refusal_of("MARKET_MAD = \"one_market\"\n"), HasSubstr("no list in brackets"));
    EXPECT_THAT(refusal_of("MARKET_MAD = [ ARGUMENTS = \"-t 1\" ]\n"),
                HasSubstr("has no EXECUTABLE"));
    EXPECT_THAT(refusal_of("PORT = 1 " + block), HasSubstr("something stands before MARKET_MAD"));
    EXPECT_THAT(refusal_of(block + std::string(1, '\0')), HasSubstr("NUL"));
    EXPECT_THAT(refusal_of(""), HasSubstr("has no MARKET_MAD"));
    // oned takes the quotes for a part of the name.
    EXPECT_THAT(refusal_of("MARKET_MAD = [\r\nEXECUTABLE = \"one_market\"\r\n]\r\n"),
                HasSubstr("neither the stock driver nor this one"));
}

// A quote without its end is a character like any other, until one comes behind it.
TEST(OnedConf, AnEditThatWouldBeReadAsSomethingElseIsRefused) {
    EXPECT_THAT(refusal_of("MARKET_MAD=[ARGUMENTS=\"-t,EXECUTABLE=/usr/one_market] X=1\n"),
                HasSubstr("a quote is not closed"));
    EXPECT_THAT(refusal_of("MARKET_MAD = [ EXECUTABLE = \"their, market\"; ]\n", true),
                HasSubstr("right behind the value of EXECUTABLE"));
}

TEST(OnedConf, SomebodyElsesDriverIsReplacedByForceAlone) {
    const std::string text = conf_with("MARKET_MAD = [ EXECUTABLE = \"their_market\" ]");
    EXPECT_THAT(refusal_of(text), HasSubstr("line 2: EXECUTABLE is \"their_market\", neither"));
    const std::string applied = OnedConf(text).applied(true);
    EXPECT_TRUE(OnedConf(applied).runs_onemarketd());
    EXPECT_EQ(OnedConf(applied).reverted(false), text);
    EXPECT_THAT(error_of([&] { OnedConf(text).reverted(true); }).what(),
                HasSubstr("\"their_market\", not this driver"));
}

TEST(OnedConf, WithoutWhatWasKeptTheWayBackIsToTheStockDriver) {
    const std::string by_hand = conf_with("MARKET_MAD = [ EXECUTABLE = \"/opt/onemarketd\" ]");
    EXPECT_EQ(OnedConf(by_hand).applied(false), by_hand);
    const std::string stock = conf_with("MARKET_MAD = [ EXECUTABLE = \"one_market\" ]");
    EXPECT_THAT(error_of([&] { OnedConf(by_hand).reverted(false); }).what(),
                HasSubstr("no comment keeps what MARKET_MAD was; --force"));
    EXPECT_EQ(OnedConf(by_hand).reverted(true), stock);

    const std::string damaged =
        replaced(OnedConf(stock).applied(false), "\"one_market\" ]", "\"one_market\"");
    EXPECT_THAT(error_of([&] { OnedConf(damaged).reverted(false); }).what(),
                HasSubstr("the comment above MARKET_MAD was changed"));
    EXPECT_EQ(OnedConf(damaged).reverted(true), stock);
}

TEST(OnedConf, TheDifferenceIsThatOfDiff) {
    if (std::system("command -v patch > /dev/null") != 0) GTEST_SKIP() << "no patch here";
    test::TempDir dir;
    const std::string before = kConf;  // without an end of its last line
    const std::string after = "A = 1\n" + OnedConf(before + "\n").applied(false);
    for (const auto& [from, to] : {std::pair(before + "\n", after), std::pair(after, before),
                                   std::pair<std::string, std::string>("A\n", "B")}) {
        write_file(dir / "file", from);
        write_file(dir / "patch", diff_of("file", from, to));
        test::output_of("cd " + dir.path().string() + " && patch -s file patch");
        EXPECT_EQ(read_file(dir / "file"), to);
    }
    EXPECT_EQ(diff_of("file", before, before), "");
}

TEST(RewriteOnedConf, KeepsModeAndLink) {
    test::TempDir dir;
    fs::create_directory(dir / "real");
    write_file(dir / "real/oned.conf", "old");
    fs::permissions(dir / "real/oned.conf", fs::perms(0640));
    fs::create_symlink("real/oned.conf", dir / "oned.conf");
    rewrite_oned_conf(dir / "oned.conf", "old", "new");
    EXPECT_TRUE(fs::is_symlink(dir / "oned.conf"));
    EXPECT_EQ(read_file(dir / "real/oned.conf"), "new");
    EXPECT_EQ(fs::status(dir / "real/oned.conf").permissions(), fs::perms(0640));
    EXPECT_THAT(list(dir / "real"), ElementsAre("oned.conf"));
}

TEST(RewriteOnedConf, KeepsItsOwner) {
    if (!test::is_root()) GTEST_SKIP() << "nobody else can give files away";
    test::TempDir dir;
    write_file(dir / "oned.conf", "old");
    ASSERT_EQ(::chown((dir / "oned.conf").c_str(), 12345, 54321), 0);
    rewrite_oned_conf(dir / "oned.conf", "old", "new");
    struct stat status {};
    ASSERT_EQ(::stat((dir / "oned.conf").c_str(), &status), 0);
    EXPECT_EQ(status.st_uid, 12345U);
    EXPECT_EQ(status.st_gid, 54321U);
}

TEST(RewriteOnedConf, RefusesWhatItCannotKeep) {
    test::TempDir dir;
    const std::string file = dir / "oned.conf";
    const auto refusal = [&] {
        return std::string(error_of([&] { rewrite_oned_conf(file, "old", "new"); }).what());
    };
    write_file(file, "old");
    fs::create_hard_link(file, dir / "other");
    EXPECT_THAT(refusal(), HasSubstr("another name (a hard link)"));
    fs::remove(dir / "other");
    if (!test::is_root()) return;
    constexpr uid_t user = 12345;
    ASSERT_EQ(::chown(dir.path().c_str(), user, user), 0);
    std::vector<gid_t> groups(static_cast<size_t>(::getgroups(0, nullptr)));
    ASSERT_GE(::getgroups(static_cast<int>(groups.size()), groups.data()), 0);
    ASSERT_EQ(::setgroups(0, nullptr), 0);
    ASSERT_EQ(::setegid(user), 0);
    ASSERT_EQ(::seteuid(user), 0);
    const std::string as_another = refusal();
    ASSERT_EQ(::seteuid(0), 0);
    ASSERT_EQ(::chown(file.c_str(), user, 54321), 0);
    ASSERT_EQ(::seteuid(user), 0);
    const std::string of_another_group = refusal();
    ASSERT_EQ(::seteuid(0), 0);
    ASSERT_EQ(::setegid(0), 0);
    ASSERT_EQ(::setgroups(groups.size(), groups.data()), 0);
    EXPECT_THAT(as_another, HasSubstr("its owner would be lost: do this as root"));
    EXPECT_THAT(of_another_group, HasSubstr("its group would be lost: do this as root"));
    EXPECT_EQ(read_file(file), "old");
    EXPECT_THAT(list(dir.path()), ElementsAre("oned.conf"));
}

TEST(RewriteOnedConf, LosesNobodysChange) {
    test::TempDir dir;
    write_file(dir / "oned.conf", "somebody's");
    write_file(dir / "oned.conf.onemarketctl-new", "of one that was killed");
    EXPECT_THAT(error_of([&] { rewrite_oned_conf(dir / "oned.conf", "old", "new"); }).what(),
                HasSubstr("somebody else is changing it"));
    EXPECT_EQ(read_file(dir / "oned.conf"), "somebody's");
    EXPECT_THAT(list(dir.path()), ElementsAre("oned.conf"));
}

}  // namespace
}  // namespace onemarket
