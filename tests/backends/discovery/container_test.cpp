// SPDX-License-Identifier: Apache-2.0
#include "backends/discovery/container.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "protocol/base64.h"
#include "protocol/template.h"
#include "tests/backends/helpers.h"

namespace onemarket {
namespace {

using testing::HasSubstr;

DriverMessage message(const std::string& attributes) {
    std::string xml = test::message_xml(
        "monitor-linuxcontainers",
        {{"ENDPOINT", ""}, {"IMAGE_SIZE_MB", ""}, {"SKIP_UNTESTED", ""}, {"PRIVILEGED", ""}});
    // Of equal siblings the first counts.
    xml.replace(xml.find("<TEMPLATE>"), 10, "<TEMPLATE>" + attributes);
    return std::move(*DriverMessage::parse(xml));
}

std::string version(const std::string& name, const std::string& path = "images/x") {
    return "\"" + name + R"(":{"items":{"root.tar.xz":{"path":")" + path + R"("}}})";
}

std::string text(const std::string& product, const std::string& versions,
                 const ContainerOptions& options = {}) {
    const auto app = read_product("https://c", options, product,
                                  *parse_json("{\"versions\":{" + versions + "}}"));
    if (!app) return "malformed: " + app.reason();
    return *app ? "NAME=\"" + (*app)->name + "\"\n" + (*app)->head : "none";
}

const std::string kDay = version("20251122_05:24");
const std::string kDebian = "debian:12:amd64:default";

std::string value(const std::string& text, const char* key) {
    const Result<Template> parsed = parse_template(text);
    if (!parsed) return parsed.reason();
    const std::string* found = parsed->find(key);
    return found == nullptr ? "(none)" : *found;
}

TEST(Container, DefaultsAreTheDocumentedOnes) {
    const ContainerOptions options = container_options(message(""));
    EXPECT_EQ(options.text(), "1024 ext4 raw 1 2 768 privileged tested");
}

TEST(Container, AllOptionsCount) {
    const ContainerOptions options = container_options(message(
        "<IMAGE_SIZE_MB>4096</IMAGE_SIZE_MB><FILESYSTEM>xfs</FILESYSTEM><FORMAT>qcow2</FORMAT>"
        "<CPU>0.5</CPU><VCPU>4</VCPU><MEMORY>1024</MEMORY><PRIVILEGED>NO</PRIVILEGED>"
        "<SKIP_UNTESTED>no</SKIP_UNTESTED>"));
    EXPECT_EQ(options.text(), "4096 xfs qcow2 0.5 4 1024");
    const std::string app = text("nixos:1:arm64:default", kDay, options);
    EXPECT_EQ(value(app, "SOURCE"),
              "lxd://https://c/images/x?size=4096&filesystem=xfs&format=qcow2");
    EXPECT_EQ(value(app, "SIZE"), "4096");
    EXPECT_EQ(value(app, "FORMAT"), "qcow2");
    const std::string vm = *base64_decode(value(app, "VMTEMPLATE64"));
    EXPECT_EQ(value(vm, "CPU"), "0.5");
    EXPECT_EQ(value(vm, "VCPU"), "4");
    EXPECT_EQ(value(vm, "MEMORY"), "1024");
    EXPECT_EQ(value(vm, "LXC_UNPRIVILEGED"), "true");
    EXPECT_EQ(value(vm, "SCHED_REQUIREMENTS"), "HYPERVISOR=lxc & ARCH=aarch64");
    const Result<Template> parsed = parse_template(vm);
    ASSERT_NE(parsed->find_vector("RAW"), nullptr);
    EXPECT_EQ(parsed->find_vector("RAW")->at("TYPE"), "lxc");
}

TEST(Container, WhatIsNoValueIsRefusedByName) {
    for (const char* wrong :
         {"<IMAGE_SIZE_MB>0</IMAGE_SIZE_MB>", "<IMAGE_SIZE_MB>-5</IMAGE_SIZE_MB>",
          "<IMAGE_SIZE_MB>99999999999</IMAGE_SIZE_MB>", "<FILESYSTEM>$(id)</FILESYSTEM>",
          "<FORMAT>raw&amp;x=y</FORMAT>", "<CPU>one</CPU>", "<CPU>1.</CPU>", "<CPU>.5</CPU>",
          "<VCPU>1.5</VCPU>", "<MEMORY>1G</MEMORY>", "<PRIVILEGED>maybe</PRIVILEGED>"}) {
        const std::string attribute(wrong + 1, std::string(wrong).find('>') - 1);
        const Error error = test::error_of([&] { container_options(message(wrong)); });
        EXPECT_EQ(error.kind(), ErrorKind::bad_request) << wrong;
        EXPECT_THAT(error.what(), testing::StartsWith(attribute + " '"));
    }
}

TEST(Container, OnlyWhatIsOffered) {
    EXPECT_THAT(text(kDebian, kDay), testing::StartsWith("NAME=\"debian_12\"\n"));
    EXPECT_THAT(text("debian:12:arm64:default", kDay),
                testing::StartsWith("NAME=\"debian_12 (aarch64)\"\n"));
    for (const char* product :
         {"debian:12:armhf:default", "debian:12:amd64:cloud", "debian:12:amd64", "debian", "",
          "nixos:1:amd64:default", "debian:1:2:amd64:default"})
        EXPECT_EQ(text(product, kDay), "none") << product;
    ContainerOptions all;
    all.skip_untested = false;
    EXPECT_THAT(text("nixos:1:amd64:default", kDay, all), HasSubstr("NAME=\"nixos_1\"\n"));
}

TEST(Container, TheNewestVersionWithARootFileSystem) {
    const std::string bare = R"("20251201_00:00":{"items":{"root.squashfs":{"path":"s"}}})";
    const std::string versions =
        version("20251122_05:24", "new") + "," + version("20241231_23:59", "old") + "," + bare;
    EXPECT_EQ(value(text(kDebian, versions), "LINK"), "https://c/new");
    EXPECT_EQ(text(kDebian, bare), "none");
    EXPECT_EQ(text(kDebian, ""), "none");
}

TEST(Container, RegtimeIsUtc) {
    EXPECT_EQ(value(text(kDebian, version("19700102_00:01")), "REGTIME"), "86460");
    EXPECT_EQ(value(text(kDebian, version("20240229_05:24")), "REGTIME"), "1709184240");
    for (const char* wrong : {"20230229_05:24", "20251301_00:00", "20251122_24:00",
                              "20251122_00:60", "20251122-00:00", "2025112_00:00", "latest", ""})
        EXPECT_THAT(text(kDebian, version(wrong)), HasSubstr("malformed: ")) << wrong;
}

TEST(Container, PathsThatNeedQuotingAreNone) {
    for (const char* wrong :
         {"", "/etc/passwd", "a/../b", "a b", "a?b", "a#b", "a&b", "a'b", "$(id)", "é"})
        EXPECT_THAT(text(kDebian, version("20251122_05:24", wrong)), HasSubstr("malformed: "))
            << wrong;
}

TEST(Container, Md5ChangesWithTheImageAndWithNothingElse) {
    std::set<std::string> different;
    const auto md5 = [](const std::string& app) { return value(app, "MD5"); };
    const std::string first = md5(text(kDebian, kDay));
    different.insert(first);
    different.insert(md5(text("debian:13:amd64:default", kDay)));
    different.insert(md5(text(kDebian, version("20251123_05:24"))));
    for (int i = 0; i < 3; ++i) {
        ContainerOptions options;
        if (i == 0) options.size_mb = 2048;
        if (i == 1) options.filesystem = "xfs";
        if (i == 2) options.format = "qcow2";
        different.insert(md5(text(kDebian, kDay, options)));
    }
    EXPECT_EQ(different.size(), 6U);
    ContainerOptions machine;
    machine.cpu = "4";
    machine.memory_mb = 4096;
    machine.privileged = false;
    EXPECT_EQ(md5(text(kDebian, kDay, machine)), first);
    EXPECT_EQ(first.size(), 32U);
}

}  // namespace
}  // namespace onemarket
