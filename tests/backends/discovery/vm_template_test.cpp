// SPDX-License-Identifier: Apache-2.0
#include "backends/discovery/vm_template.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/backends/helpers.h"

namespace onemarket {
namespace {

VmTemplate rendered(const std::string& json, const char* architecture = "x86_64",
                    const char* hypervisor = "kvm") {
    return render_vm_template(*parse_json(json), architecture, hypervisor);
}

const std::string kEnd = "SCHED_REQUIREMENTS=\"HYPERVISOR=kvm\"\nHYPERVISOR=\"kvm\"\n";

TEST(VmTemplate, ScalarsVectorsAndLists) {
    EXPECT_EQ(rendered(R"({"cpu":0.5,"On":true,"OS":{"boot":"","Arch":"x"},"NIC":[{"A":1},{"A":2}],
                           "TAG":["a","",null,"b"]})")
                  .text,
              "CPU=\"0.5\"\nON=\"true\"\nOS=[ARCH=\"x\"]\nNIC=[A=\"1\"]\nNIC=[A=\"2\"]\nTAG=\"a\"\n"
              "TAG=\"b\"\n" +
                  kEnd);
}

TEST(VmTemplate, EmptyOnesAreLeftOutSilently) {
    const VmTemplate result = rendered(R"({"a":"","b":null,"c":{},"d":[],"e":{"f":"","g":null}})");
    EXPECT_EQ(result.text, kEnd);
    EXPECT_TRUE(result.refused.empty());
}

TEST(VmTemplate, WhatATemplateCannotHoldIsRefused) {
    const VmTemplate result =
        rendered(R"({"a-b":1,"V":{"x":{"y":1},"l":[1],"c d":1,"ok":1},"L":[[1],2],"":3})");
    EXPECT_EQ(result.text, "V=[OK=\"1\"]\nL=\"2\"\n" + kEnd);
    EXPECT_EQ(result.refused, (std::vector<std::string>{
                                  "attribute a-b of its template is no name of an attribute",
                                  "attribute V/x of its template nests deeper than a template can",
                                  "attribute V/l of its template nests deeper than a template can",
                                  "attribute V/c d of its template is no name of an attribute",
                                  "attribute L of its template has a list in a list",
                                  "attribute  of its template is no name of an attribute"}));
}

TEST(VmTemplate, RequirementsAreJoined) {
    EXPECT_EQ(rendered(R"({"sched_requirements":"A=1","HYPERVISOR":"xen"})").text,
              "SCHED_REQUIREMENTS=\"A=1 & HYPERVISOR=kvm\"\nHYPERVISOR=\"kvm\"\n");
    EXPECT_EQ(rendered(R"({"SCHED_REQUIREMENTS":"A=1 | B=2"})", "x86_64", "lxc").text,
              "SCHED_REQUIREMENTS=\"(A=1 | B=2) & HYPERVISOR=lxc\"\nHYPERVISOR=\"lxc\"\n");
}

TEST(VmTemplate, RequirementsOfAListAreJoinedToo) {
    EXPECT_EQ(
        rendered(R"({"SCHED_REQUIREMENTS":["A=1","",null,"B=2 | C=3"],"sched_requirements":"D=4"})")
            .text,
        "SCHED_REQUIREMENTS=\"(A=1) & (B=2 | C=3) & (D=4) & HYPERVISOR=kvm\"\n"
        "HYPERVISOR=\"kvm\"\n");
    EXPECT_EQ(rendered(R"({"SCHED_REQUIREMENTS":["A=1"]})").text,
              "SCHED_REQUIREMENTS=\"A=1 & HYPERVISOR=kvm\"\nHYPERVISOR=\"kvm\"\n");
    EXPECT_EQ(rendered(R"({"SCHED_REQUIREMENTS":"  "})").text, kEnd);
}

TEST(VmTemplate, RequirementsThatEscapeAreRefused) {
    for (const char* wrong : {"A) | (B", "(A", "A)", ")(", R"(A=\"x)", R"(A=\"(\" ) | (B=\")\")"}) {
        const VmTemplate result =
            rendered("{\"SCHED_REQUIREMENTS\":\"" + std::string(wrong) + "\"}");
        EXPECT_EQ(result.text, kEnd) << wrong;
        EXPECT_EQ(result.refused,
                  std::vector<std::string>{"attribute SCHED_REQUIREMENTS of its template has an "
                                           "odd parenthesis or quote"});
    }
    const VmTemplate vector = rendered(R"({"SCHED_REQUIREMENTS":{"A":"1"}})");
    EXPECT_EQ(vector.text, kEnd);
    EXPECT_EQ(vector.refused,
              std::vector<std::string>{"attribute SCHED_REQUIREMENTS of its template is no text"});
    EXPECT_EQ(rendered(R"j({"SCHED_REQUIREMENTS":"(A=\")\" | B=1) & C=2"})j").text,
              R"t(SCHED_REQUIREMENTS="((A=\")\" | B=1) & C=2) & HYPERVISOR=kvm")t"
              "\nHYPERVISOR=\"kvm\"\n");
}

TEST(VmTemplate, AHypervisorThatIsNoNameIsNotRequired) {
    const VmTemplate result = rendered("{}", "x86_64", "kvm | 1=1");
    EXPECT_EQ(result.text, "HYPERVISOR=\"kvm | 1=1\"\n");
    EXPECT_EQ(result.refused,
              std::vector<std::string>{
                  "attribute HYPERVISOR of its template is no name that can be required"});
}

// Each name is looked up, not compared with all the others.
TEST(VmTemplate, AVectorMayBeLong) {
    std::string json = "{\"V\":{";
    for (int i = 0; i < 90'000; ++i) json += "\"K" + std::to_string(i) + "\":1,";
    const test::Stopwatch watch;
    const VmTemplate result = rendered(json + "\"K0\":2}}");
    EXPECT_LT(watch.seconds(), 3);
    EXPECT_EQ(result.text.find("=\"2\""), std::string::npos);
}

TEST(VmTemplate, Aarch64HasWhatItNeedsToBoot) {
    const std::string os =
        "OS=[ARCH=\"aarch64\", FIRMWARE=\"/usr/share/AAVMF/AAVMF_CODE.fd\", "
        "FIRMWARE_SECURE=\"no\", "
        "MACHINE=\"virt\"";
    const std::string end =
        "SCHED_REQUIREMENTS=\"HYPERVISOR=kvm & ARCH=aarch64\"\nHYPERVISOR=\"kvm\"\n";
    EXPECT_EQ(rendered("{}", "aarch64").text, os + "]\n" + end);
    EXPECT_EQ(
        rendered(R"({"os":{"arch":"x86_64","machine":"q35","boot":"disk0"}})", "aarch64").text,
        os + ", BOOT=\"disk0\"]\n" + end);
}

TEST(VmTemplate, OfEqualNamesInAVectorOneIsWritten) {
    EXPECT_EQ(rendered(R"({"V":{"a":1,"A":2}})").text, "V=[A=\"1\"]\n" + kEnd);
}

}  // namespace
}  // namespace onemarket
