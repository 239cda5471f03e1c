// SPDX-License-Identifier: Apache-2.0
// LVM itself is not here: device-mapper is not to be had on test machines. `sudo -n lvchange` is a
// fake that keeps how it was called and links /dev/shm/<LV> to a file, so that the volume group is
// `shm`; `lsblk` says that this is a volume.
#include "backends/exports/lvm.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include "backends/http.h"
#include "backends/io/random.h"
#include "backends/script.h"
#include "tests/backends/exports/bridge_fixture.h"

namespace onemarket::test {
namespace {

class LvmExporterTest : public BridgeFixture {
  protected:
    void SetUp() override {
        BridgeFixture::SetUp();
        RecordProperty("lvm", "a recorded fake");
        GTEST_LOG_(INFO) << "LVM is a recorded fake here";
        write_file(dir_ / ("vg/" + lv_), content_);
        fake_sudo("rm \"/dev/$4\"");
        fake("lsblk", "echo lvm");
    }
    void TearDown() override {
        EXPECT_TRUE(eventually([this] { return !active(); }));
        BridgeFixture::TearDown();
        std::error_code ignored;
        std::filesystem::remove("/dev/shm/" + lv_, ignored);
    }

    // A program, of the hosts and of this one.
    void fake(const std::string& name, const std::string& script) {
        if (sshd_) program(name, script);
        write_script(dir_ / ("bin/" + name), "#!/bin/sh\n" + script + "\n");
    }
    // That deactivates so.
    void fake_sudo(const std::string& deactivate) {
        const std::string file = dir_ / "vg" + "/${4#shm/}";
        fake("sudo",
             "echo \"$*\" >> '" + dir_ / "calls" +
                 "'\n"
                 "case $3 in\n"
                 "-ay) if [ -e \"" +
                 file + "\" ]; then ln -s \"" + file +
                 "\" \"/dev/$4\"; else\n"
                 "    echo \"  Failed to find logical volume \\\"$4\\\"\" >&2; exit 5; fi ;;\n"
                 "-an) " +
                 deactivate + " ;;\nesac");
    }

    std::unique_ptr<ImageSource> of(const std::string& source,
                                    const std::string& hosts = "bridge1") {
        return export_image<LvmExporter>(message("lvm", source, hosts));
    }
    bool active() const { return std::filesystem::exists("/dev/shm/" + lv_); }
    std::string calls() const {
        return std::filesystem::exists(dir_ / "calls") ? read_file(dir_ / "calls") : "";
    }
    // As the test says, so that `sudo` is the fake on this host too.
    void fake_sudo_here() { site_.site.environment[0] = "PATH=" + dir_ / "bin" + ":/usr/bin:/bin"; }

    std::string lv_ = "onemarketd-" + random_hex();
    std::string volume_ = "shm/" + lv_;
    std::string content_ = noise(300'000);
    std::string on_ = "-n lvchange -ay " + volume_ + "\n";
    std::string off_ = "-n lvchange -an " + volume_ + "\n";
};

TEST_F(LvmExporterTest, ActivatesReadsDeactivates) {
    {
        const auto image = of(volume_);
        EXPECT_EQ(image->facts().location, "ssh://bridge1:/dev/" + volume_);
        EXPECT_EQ(image->facts().format, "raw");
        EXPECT_FALSE(image->facts().format_must_hold) << "nobody looked";
        EXPECT_TRUE(read_all(*image->open(context_), context_) == content_);
        EXPECT_TRUE(active()) << "as long as somebody may read it";
    }
    EXPECT_TRUE(eventually([this] { return calls() == on_ + off_; })) << calls();
}

// Whoever opens it by that format reads the file its header names.
TEST_F(LvmExporterTest, WhatIsSaidToBeNoRawDiskMustBeWhatIsSaid) {
    std::string xml = message_xml("import-http-lvm", {{"BASE_URL", "http://web"},
                                                      {"PUBLIC_DIR", dir_ / "public"},
                                                      {"DATASTORES", "/ds"},
                                                      {"SOURCE", volume_},
                                                      {"BRIDGE_LIST", "bridge1"}});
    const std::string raw = "<FORMAT><![CDATA[raw]]></FORMAT>";
    ASSERT_NE(xml.find(raw), std::string::npos);
    xml.replace(xml.find(raw), raw.size(), "<FORMAT>qcow2</FORMAT>");
    const Result<DriverMessage> parsed = DriverMessage::parse(xml);
    const DriverMessage& import = *parsed;
    std::filesystem::create_directory(dir_ / "public");
    const auto fault = [&] {
        const auto image = export_image<LvmExporter>(import);
        return error_of([&] { HttpBackend(site_.site).import(import, *image, context_); });
    };
    EXPECT_THAT(fault().what(), testing::EndsWith("says its format is qcow2, its bytes say raw"));
    const std::string header = "QFI\xfb" + std::string("\0\0\0\3\0\0\0\0\0\0\0\x68\0\0\0\x0b", 16);
    write_file(dir_ / ("vg/" + lv_),
               header + std::string(104 - header.size(), '\0') + "/etc/shadow" + content_);
    EXPECT_THAT(fault().what(), testing::HasSubstr("has the backing file /etc/shadow"));
    EXPECT_EQ(list(dir_ / "public").size(), 0U);
}

TEST_F(LvmExporterTest, VolumeThatIsActiveStaysSo) {
    std::filesystem::create_symlink(dir_ / ("vg/" + lv_), "/dev/shm/" + lv_);
    EXPECT_TRUE(read_all(*of(volume_)->open(context_), context_) == content_);
    EXPECT_TRUE(eventually([this] { return sshd_->connections() == 0; }));
    EXPECT_TRUE(active());
    EXPECT_EQ(calls(), "");
    std::filesystem::remove("/dev/shm/" + lv_);
}

TEST_F(LvmExporterTest, ThatIsNotReadIsDeactivatedToo) {
    { const auto image = of(volume_); }
    EXPECT_TRUE(eventually([this] { return calls() == on_ + off_; })) << calls();
}

TEST_F(LvmExporterTest, OfWhichTheConnectionIsLostIsDeactivatedToo) {
    const auto image = of(volume_);
    sshd_->drop();
    EXPECT_TRUE(eventually([this] { return calls() == on_ + off_; })) << calls();
    EXPECT_EQ(error_of([&] { read_all(*image->open(context_), context_); }).kind(),
              ErrorKind::unavailable);
}

TEST_F(LvmExporterTest, LastOfTwoUsersDeactivates) {
    for (const bool here : {false, true}) {
        std::filesystem::remove(dir_ / "calls");
        if (here) fake_sudo_here();
        auto first = of(volume_, here ? "" : "bridge1");
        auto second = of(volume_, here ? "" : "bridge2");
        first.reset();
        EXPECT_TRUE(active()) << "the second one reads it";
        EXPECT_TRUE(read_all(*second->open(context_), context_) == content_);
        second.reset();
        EXPECT_FALSE(active());
        EXPECT_EQ(calls(), on_ + off_);
    }
    EXPECT_EQ(context_.log.lines().size(), 0U);
}

TEST_F(LvmExporterTest, SecondOfTwoUsersIsTheFirstToGo) {
    const auto first = of(volume_);
    { const auto second = of(volume_); }
    EXPECT_TRUE(active());
    EXPECT_TRUE(read_all(*first->open(context_), context_) == content_);
}

TEST_F(LvmExporterTest, LastUserDeactivatesForOneWhoseConnectionIsLost) {
    auto first = of(volume_);
    sshd_->drop();
    auto second = of(volume_);
    first.reset();
    second.reset();
    EXPECT_TRUE(eventually([this] { return !active(); })) << calls();
}

TEST_F(LvmExporterTest, OneThatComesWhileItIsDeactivatedWaits) {
    fake_sudo(": > '" + dir_ / "leaves" + "'; sleep 1; rm \"/dev/$4\"");
    auto first = of(volume_);
    std::jthread leaves([&first] { first.reset(); });
    ASSERT_TRUE(eventually([this] { return std::filesystem::exists(dir_ / "leaves"); }));
    TestContext context;
    const auto second =
        LvmExporter(site_.site).export_image(message("lvm", volume_, "bridge1"), context);
    EXPECT_TRUE(read_all(*second->open(context), context) == content_);
}

TEST_F(LvmExporterTest, VolumeThatStaysActiveIsSaid) {
    fake_sudo("echo '  Logical volume in use.' >&2; exit 5");
    { const auto image = of(volume_); }
    std::filesystem::remove("/dev/shm/" + lv_);
    using Lines = std::vector<std::pair<LogLevel, std::string>>;
    EXPECT_EQ(context_.log.lines(),
              (Lines{{LogLevel::warning,
                      "ssh://bridge1:/dev/" + volume_ + " stays active: Logical volume in use."}}));
}

TEST_F(LvmExporterTest, DeviceThatIsNoVolumeIsNotRead) {
    std::filesystem::create_symlink(dir_ / ("vg/" + lv_), "/dev/shm/" + lv_);
    for (const char* type : {"echo crypt", "echo 'not a block device' >&2; exit 1"}) {
        fake("lsblk", type);
        const Error error = error_of([&] { of(volume_); });
        EXPECT_EQ(error.kind(), ErrorKind::bad_request);
        EXPECT_EQ(error.what(), "bridge1: /dev/" + volume_ + ": not a logical volume");
    }
    std::filesystem::remove("/dev/shm/" + lv_);
    EXPECT_EQ(calls(), "");
}

TEST_F(LvmExporterTest, OnThisHostWithoutABridgeList) {
    fake_sudo_here();
    {
        const auto image = of(volume_, "");
        EXPECT_EQ(image->facts().location, "/dev/" + volume_);
        EXPECT_TRUE(read_all(*image->open(context_), context_) == content_);
        EXPECT_TRUE(active());
    }
    EXPECT_TRUE(eventually([this] { return calls() == on_ + off_; })) << calls();
    EXPECT_STREQ(error_of([&] { of("shm/none", ""); }).what(),
                 "this host: Failed to find logical volume \"shm/none\"");
}

// A market's script reads the volume itself, after the driver has for its MD5.
TEST_F(LvmExporterTest, MarketScriptFindsItActive) {
    fake_sudo_here();
    site_.script("market/foo/import",
                 "#!/bin/sh\nprintf %s \"$1\" | base64 -d | tr '<' '\\n' | "
                 "sed -n 's/^IMPORT_SOURCE>//p; s/^MD5>//p' > $HERE/told\n"
                 "cat /dev/" +
                     volume_ +
                     " > $HERE/got || exit 1\n"
                     "printf 'SOURCE=\"foo://1\"\\nMD5=\"x\"\\nSIZE=\"1\"\\nFORMAT=\"raw\"\\n'\n");
    const DriverMessage import = message("lvm", volume_, "");
    {
        const auto image = LvmExporter(site_.site).export_image(import, context_);
        ScriptBackend(site_.site, "foo").import(import, *image, context_);
    }
    EXPECT_TRUE(site_.left("got") == content_);
    EXPECT_NE(site_.left("told").find("/dev/" + volume_), std::string::npos) << site_.left("told");
    EXPECT_NE(site_.left("told").find(md5sum(dir_ / ("vg/" + lv_))), std::string::npos);
}

TEST_F(LvmExporterTest, WhatIsRefusedIsSaidAsItIsSaid) {
    const Error missing = error_of([&] { of("shm/none"); });
    EXPECT_EQ(missing.kind(), ErrorKind::not_found);
    EXPECT_STREQ(missing.what(), "bridge1: Failed to find logical volume \"shm/none\"");
    program("sudo", "echo 'sudo: a password is required' >&2; exit 1");
    EXPECT_STREQ(error_of([&] { of(volume_); }).what(), "bridge1: sudo: a password is required");
}

TEST_F(LvmExporterTest, SourceThatIsNoVolumeIsRefusedHere) {
    for (const char* source :
         {"lv", "a/b/c", "../../etc/passwd", "../x", "vg/..", "./lv", "/vg/lv", "vg/", "-vg/lv",
          "vg/-lv", "mapper/vg-lv", "vg/l v", "vg/$(touch run-by-mistake)", "vg/lv;ls"}) {
        const Error error = error_of([&] { of(source); });
        EXPECT_EQ(error.kind(), ErrorKind::bad_request) << source;
        EXPECT_EQ(error.what(), std::string(source) + ": not a logical volume VG/LV");
    }
    EXPECT_EQ(calls(), "");
}

}  // namespace
}  // namespace onemarket::test
