// SPDX-License-Identifier: Apache-2.0
#include "backends/discovery/appliance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "protocol/base64.h"
#include "protocol/template.h"

namespace onemarket {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string kId = R"("_id":{"$oid":"1"},"name":"a")";

Result<std::optional<DiscoveredApp>> read(const std::string& members) {
    return read_appliance("https://m", *parse_json("{" + kId + "," + members + "}"));
}

// The template text of the app, without its name and references.
std::string text(const std::string& members) {
    const auto app = read(members);
    if (!app) return "malformed: " + app.reason();
    return *app ? (*app)->head + (*app)->tail : "none";
}

std::string one_file(const std::string& members) {
    return "\"files\":[{" + members + "}]";
}

TEST(Appliance, AttributesStandInTheirOrder) {
    EXPECT_EQ(text(R"("publisher":"p","format":"raw","short_description":"d","description":"long",
                      "version":"v","tags":["x","y"],"creation_time":5,"os-arch":"amd64",
                      "hypervisor":"ALL","other":{"z":[1]})"),
              "SOURCE=\"https://m/appliance/1/download/0\"\nIMPORT_ID=\"1\"\nORIGIN_ID=\"-1\"\n"
              "TYPE=\"IMAGE\"\nPUBLISHER=\"p\"\nFORMAT=\"raw\"\nDESCRIPTION=\"d\"\nVERSION=\"v\"\n"
              "TAGS=\"x, y\"\nREGTIME=\"5\"\nLINK=\"https://m/appliance/1\"\n"
              "ARCHITECTURE=\"x86_64\"\nHYPERVISOR=\"kvm\"\n");
}

TEST(Appliance, ArchitectureAndHypervisor) {
    for (const auto& [given, expected] :
         std::vector<std::pair<std::string, std::string>>{{"amd64", "x86_64"},
                                                          {"x86_64", "x86_64"},
                                                          {"arm64", "aarch64"},
                                                          {"aarch64", "aarch64"},
                                                          {"", "all"},
                                                          {"riscv64", "riscv64"}})
        EXPECT_THAT(text("\"os-arch\":\"" + given + "\""),
                    HasSubstr("ARCHITECTURE=\"" + expected + "\"\n"));
    for (const auto& [given, expected] : std::vector<std::pair<std::string, std::string>>{
             {"ALL", "kvm"}, {"", "kvm"}, {"KVM", "kvm"}, {"LXC", "lxc"}, {"vCenter", "vcenter"}})
        EXPECT_THAT(text("\"hypervisor\":\"" + given + "\""),
                    HasSubstr("HYPERVISOR=\"" + expected + "\"\n"));
}

TEST(Appliance, SizesAreMegabytesRoundedUp) {
    for (const auto& [given, expected] :
         std::vector<std::pair<std::string, std::string>>{{"1048576", "1"},
                                                          {"1048577", "2"},
                                                          {"1", "1"},
                                                          {"0", "0"},
                                                          {"\"2097152\"", "2"},
                                                          {"1.5e6", "2"},
                                                          {"10737418240", "10240"},
                                                          {"null", "0"},
                                                          {"\"\"", "0"}})
        EXPECT_THAT(text(one_file("\"size\":" + given)), HasSubstr("SIZE=\"" + expected + "\"\n"))
            << given;
    for (const char* wrong :
         {"-1", "\"x\"", "\"1 \"", "1e30", "[7]", "{\"a\":1}", "\"nan\"", "\"inf\""})
        EXPECT_THAT(text(one_file("\"size\":" + std::string(wrong))), HasSubstr("malformed: "))
            << wrong;
}

TEST(Appliance, ChecksumsOfTheFirstFile) {
    const std::string md5(32, 'a'), other(32, 'b'), sha256(64, 'c');
    EXPECT_THAT(text("\"files\":[{\"md5\":\"" + md5 + "\",\"checksum\":{\"md5\":\"" + other +
                     "\",\"sha256\":\"" + sha256 + "\"}},{\"md5\":\"" + other + "\"}]"),
                HasSubstr("SIZE=\"0\"\nMD5=\"" + md5 + "\"\nSHA256=\"" + sha256 + "\"\n"));
    EXPECT_THAT(text("\"files\":[{\"checksum\":{\"md5\":\"" + md5 + "\"}}]"),
                HasSubstr("MD5=\"" + md5 + "\"\n"));
}

// Scripts of datastores put these on a command line.
TEST(Appliance, WhatIsNoChecksumAndNoFormatIsLeftOut) {
    for (const std::string& wrong :
         {std::string("$(id)"), std::string(31, 'a'), std::string(33, 'a'), std::string(32, 'g')}) {
        const auto app =
            read(one_file("\"md5\":\"" + wrong + "\",\"checksum\":{\"sha256\":\"" + wrong + "\"}"));
        ASSERT_TRUE(app && *app);
        EXPECT_THAT((*app)->head, Not(HasSubstr("MD5")));
        EXPECT_THAT((*app)->head, Not(HasSubstr("SHA256")));
        EXPECT_EQ((*app)->warnings,
                  (std::vector<std::string>{"its MD5 is none; offered without one",
                                            "its SHA256 is none; offered without one"}));
    }
    const auto app = read("\"format\":\"raw;id\"");
    ASSERT_TRUE(app && *app);
    EXPECT_THAT((*app)->head, Not(HasSubstr("FORMAT")));
    EXPECT_EQ((*app)->warnings,
              std::vector<std::string>{"its format is no word; offered without one"});
}

TEST(Appliance, AnImageWithoutFilesHasNoTemplates) {
    for (const char* files : {"null", "[]", "[null]", "\"\""})
        EXPECT_THAT(
            text("\"opennebula_template\":\"{\\\"CPU\\\":1}\",\"files\":" + std::string(files)),
            testing::AllOf(Not(HasSubstr("SIZE")), Not(HasSubstr("TEMPLATE64")),
                           HasSubstr("TYPE=\"IMAGE\"")))
            << files;
}

TEST(Appliance, TheImagesOwnTemplate) {
    EXPECT_THAT(
        text(one_file(R"("dev_prefix":"vd","type":"OS","driver":"qcow2")")),
        HasSubstr("APPTEMPLATE64=\"" + base64_encode("DEV_PREFIX=\"vd\"\nTYPE=\"OS\"\n") + "\"\n"));
    EXPECT_THAT(text(one_file("")), Not(HasSubstr("APPTEMPLATE64")));
}

TEST(Appliance, AVmTemplateRefersToItsDisks) {
    const auto app =
        read(R"("type":"VMTEMPLATE","disks":["x/y","","z"],"opennebula_template":"{}")");
    ASSERT_TRUE(app && *app);
    ASSERT_EQ((*app)->references.size(), 2U);
    EXPECT_EQ((*app)->references[0].key, "DISK");
    EXPECT_EQ((*app)->references[0].app, "x/y");
    EXPECT_EQ((*app)->references[0].name.size(), 10U);
    EXPECT_NE((*app)->references[0].name, (*app)->references[1].name);
    EXPECT_THAT((*app)->head, testing::EndsWith("SIZE=\"0\"\n"));
    EXPECT_THAT((*app)->tail, testing::StartsWith("APPTEMPLATE64="));
}

TEST(Appliance, AServiceKeepsItsDocument) {
    const auto app = read(R"("type":"SERVICE_TEMPLATE","roles":{"r 1":"x","r2":null},
                             "opennebula_template":"{ raw }")");
    ASSERT_TRUE(app && *app);
    ASSERT_EQ((*app)->references.size(), 1U);
    EXPECT_EQ((*app)->references[0].name, "r 1");
    EXPECT_EQ((*app)->tail, "APPTEMPLATE64=\"" + base64_encode("{ raw }") + "\"\n");
}

TEST(Appliance, OtherTypesAreNone) {
    EXPECT_EQ(text(R"("type":"VROUTER")"), "none");
    EXPECT_EQ(text(R"("type":"image")"), "none");
    EXPECT_THAT(text(R"("type":"")"), HasSubstr("TYPE=\"IMAGE\""));
}

TEST(Appliance, Malformed) {
    for (const char* entry :
         {"7", "[]", "null", "{}", R"({"name":"a"})", R"({"_id":"1","name":"a"})",
          R"({"_id":{"$oid":""},"name":"a"})", R"({"_id":{"$oid":"a/b"},"name":"a"})",
          R"({"_id":{"$oid":".."},"name":"a"})", R"({"_id":{"$oid":"1"}})",
          R"({"_id":{"$oid":"1"},"name":" "})", R"({"_id":{"$oid":"1"},"name":["a"]})"})
        EXPECT_FALSE(read_appliance("https://m", *parse_json(entry))) << entry;
    for (const char* members :
         {R"("version":{"a":1})", R"("type":["IMAGE"])", R"("files":{"a":1})", R"("files":[7])",
          R"("tags":[["a"]])", R"("tags":{"a":"b"})", R"("type":"VMTEMPLATE","disks":{"a":"b"})",
          R"("type":"VMTEMPLATE","disks":[{"a":"b"}])",
          R"("type":"SERVICE_TEMPLATE","roles":["x"])",
          R"("type":"SERVICE_TEMPLATE","roles":{"x":{"y":1}})",
          R"("type":"VMTEMPLATE","opennebula_template":"{broken")",
          R"("type":"SERVICE_TEMPLATE","opennebula_template":{"a":1})"})
        EXPECT_THAT(text(members), HasSubstr("malformed: ")) << members;
}

TEST(Appliance, AnImageWithABrokenTemplateIsOfferedWithoutOne) {
    const auto app = read(one_file("") + R"(,"opennebula_template":"[1]")");
    ASSERT_TRUE(app && *app);
    EXPECT_THAT((*app)->head, Not(HasSubstr("VMTEMPLATE64")));
    EXPECT_EQ((*app)->warnings, std::vector<std::string>{
                                    "opennebula_template is no JSON object; offered without one"});
}

}  // namespace
}  // namespace onemarket
