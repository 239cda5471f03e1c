// SPDX-License-Identifier: Apache-2.0
#include "backends/exports/ceph.h"

#include "tests/backends/exports/bridge_fixture.h"
#include "tests/support/ceph.h"

namespace onemarket::test {
namespace {

using Values = std::map<std::string, std::string>;

// Of a real pool. Where Ceph is not installed, and for what it was called with, `rbd` is a script.
class CephExporterTest : public BridgeFixture {
  protected:
    std::unique_ptr<ImageSource> of(const std::string& source, const Values& values = {}) {
        return export_image<CephExporter>(message("ceph", source, "bridge1 bridge2", values));
    }
    Values user_of(const Ceph& ceph) {
        return {{"CEPH_CONF", ceph.conf()}, {"CEPH_USER", "market"}, {"CEPH_KEY", ceph.keyfile()}};
    }
    // Keeps what it was called with, a line each; the image has three bytes.
    void recorded_rbd() {
        program("rbd", "printf '%s\\n' \"$@\" >> '" + dir_ / "calls" +
                           "'\ncase $1 in info) echo '{\"size\":3}' ;; export) printf abc ;; esac");
    }
};

TEST_F(CephExporterTest, ReadsAnImageOfAPool) {
    if (!Ceph::is_there()) GTEST_SKIP() << "Ceph (ceph-mon, ceph-osd, rbd) is not installed";
    Ceph& ceph = Ceph::shared();
    const std::string content = noise(3'000'001);
    ceph.import("a b", content);
    const auto image = of("one/a b", user_of(ceph));
    EXPECT_EQ(image->facts().location, "rbd://bridge2/one/a%20b?CEPH_USER=market&CEPH_KEY=" +
                                           ceph.keyfile() + "&CEPH_CONF=" + ceph.conf());
    EXPECT_EQ(image->facts().size_mb, "128");
    EXPECT_EQ(image->facts().format, "raw");
    EXPECT_FALSE(image->facts().format_must_hold) << "nobody looked";
    EXPECT_TRUE(read_all(*image->open(context_), context_) == content);
}

TEST_F(CephExporterTest, WhatCephRefusesIsSaidAsItSaysIt) {
    if (!Ceph::is_there()) GTEST_SKIP() << "Ceph (ceph-mon, ceph-osd, rbd) is not installed";
    Ceph& ceph = Ceph::shared();
    const Error missing = error_of([&] { of("one/none", user_of(ceph)); });
    EXPECT_EQ(missing.kind(), ErrorKind::not_found);
    EXPECT_STREQ(missing.what(),
                 "bridge2: rbd: error opening image none: (2) No such file or directory");
    EXPECT_STREQ(error_of([&] { of("nopool/none", user_of(ceph)); }).what(),
                 "bridge2: rbd: error opening pool 'nopool': (2) No such file or directory");
    Values stranger = user_of(ceph);
    stranger["CEPH_USER"] = "stranger";
    EXPECT_STREQ(error_of([&] { of("one/none", stranger); }).what(),
                 "bridge2: rbd: couldn't connect to the cluster!");
}

TEST_F(CephExporterTest, RbdIsToldWhatTheDatastoreSays) {
    recorded_rbd();
    const auto image = of("one/img", {{"CEPH_CONF", "/etc/ceph/o ne.conf"},
                                      {"CEPH_USER", "$(touch run-by-mistake)"},
                                      {"CEPH_KEY", "/k'e\"y"}});
    EXPECT_EQ(read_all(*image->open(context_), context_), "abc");
    const std::string who =
        "--conf=/etc/ceph/o ne.conf\n--id=$(touch run-by-mistake)\n--keyfile=/k'e\"y\n";
    EXPECT_EQ(read_file(dir_ / "calls"),
              "info\n--format=json\none/img\n" + who + "export\n--no-progress\none/img\n-\n" + who);
}

// A tenant writes the image's template.
TEST_F(CephExporterTest, ImageDoesNotChooseWhatRbdIsTold) {
    recorded_rbd();
    std::string xml = message_xml("import-http-ceph", {{"BASE_URL", "http://web"},
                                                       {"PUBLIC_DIR", "/srv/market"},
                                                       {"DATASTORES", "/ds"},
                                                       {"SOURCE", "one/img"},
                                                       {"BRIDGE_LIST", "bridge1"},
                                                       {"POOL_NAME", "one"},
                                                       {"CEPH_CONF", ""},
                                                       {"CEPH_KEY", "/datastores/key"},
                                                       {"CEPH_USER", ""}});
    const std::string begin = "<DEV_PREFIX>";
    xml.replace(xml.find(begin), begin.size(),
                "<CEPH_CONF>/tmp/his.conf</CEPH_CONF><CEPH_KEY>/etc/shadow</CEPH_KEY>"
                "<CEPH_USER>admin</CEPH_USER>" +
                    begin);
    export_image<CephExporter>(*DriverMessage::parse(xml));
    EXPECT_EQ(read_file(dir_ / "calls"),
              "info\n--format=json\none/img\n--keyfile=/datastores/key\n");
}

// A cluster that stops answering: `rbd` does not notice that nobody listens any more.
TEST_F(CephExporterTest, ExportThatStallsEndsWithTheConnection) {
    program("rbd", "case $1 in info) echo '{\"size\":300000}' ;; export) echo $$ > '" +
                       dir_ / "pid" + "'; head -c 100000 /dev/zero; exec sleep 300 ;; esac");
    const auto pid = [this] { return std::stoi(read_file(dir_ / "pid")); };
    for (const bool dropped : {false, true}) {
        auto image = of("one/img");
        auto reader = image->open(context_);
        std::string buffer(65536, '\0');
        reader->read(std::as_writable_bytes(std::span(buffer)), context_);
        EXPECT_FALSE(is_dead(pid()));
        if (dropped) sshd_->drop();
        reader.reset();
        image.reset();
        EXPECT_TRUE(eventually([&] { return is_dead(pid()); })) << dropped;
    }
}

TEST_F(CephExporterTest, WhatIsNotSaidIsLeftToCeph) {
    recorded_rbd();
    EXPECT_EQ(of("one/img")->facts().location, "rbd://bridge2/one/img");
    EXPECT_EQ(read_file(dir_ / "calls"), "info\n--format=json\none/img\n");
}

TEST_F(CephExporterTest, ImageWithoutAPoolIsOfPoolName) {
    recorded_rbd();
    EXPECT_EQ(of("one-42", {{"POOL_NAME", "fast"}})->facts().location, "rbd://bridge2/fast/one-42");
}

TEST_F(CephExporterTest, WrongAttributesAreNamed) {
    EXPECT_STREQ(error_of([&] {
                     of("one-42", {{"POOL_NAME", ""}});
                 }).what(),
                 "POOL_NAME is missing in the datastore's template");
    EXPECT_STREQ(error_of([&] { of("", {}); }).what(),
                 "Wrong driver message format: IMAGE/SOURCE is missing");
    EXPECT_STREQ(
        error_of([&] { export_image<CephExporter>(message("ceph", "one/i", " ")); }).what(),
        "BRIDGE_LIST is missing in the datastore's template");
    recorded_rbd();
    EXPECT_STREQ(error_of([&] { of("--config/x"); }).what(),
                 "image --config/x looks like an option");
    EXPECT_FALSE(std::filesystem::exists(dir_ / "calls"));
}

}  // namespace
}  // namespace onemarket::test
