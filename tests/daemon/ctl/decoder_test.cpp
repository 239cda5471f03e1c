// SPDX-License-Identifier: Apache-2.0
#include "daemon/ctl/decoder.h"

#include <gtest/gtest.h>

#include "protocol/base64.h"

namespace onemarket {
namespace {

std::string held(const std::string& key, const std::string& text) {
    return key + "=\"" + base64_encode(text) + "\"\n";
}

const std::string kList =
    held("APP", "NAME=\"a\"\n" + held("VMTEMPLATE64", "CPU=\"1\"\nNIC=[A=\"b\"]\n") +
                    "APPTEMPLATE64=\"\"\n") +
    held("APP", "NAME=\"b\"\n" + held("APPTEMPLATE64", "{\"name\":\"b\"}"));
const std::string kUnfolded =
    "APP\n"
    "  NAME=\"a\"\n"
    "  VMTEMPLATE64\n"
    "    CPU=\"1\"\n"
    "    NIC=[A=\"b\"]\n"
    "  APPTEMPLATE64=\"\"\n"
    "APP\n"
    "  NAME=\"b\"\n"
    "  APPTEMPLATE64\n"
    "    {\"name\":\"b\"}\n";

TEST(Decoder, AListIsUnfoldedToItsInnermost) {
    EXPECT_EQ(unfold(kList), kUnfolded);
}

TEST(Decoder, OtherTextIsLeftAsItIs) {
    for (const std::string text :
         {"", "\n", "USED_MB=12\nFREE_MB=3\n", "APP", "APP=", "APP=\"", "APP=\"\"", "APP=\"a b\"",
          "APP=\"/////w==\"", "NAME=\"QUJD\"\n\nX64=[A=\"QUJD\"]"})
        EXPECT_EQ(unfold(text), text);
}

TEST(Decoder, OnlyWhatPeopleCanReadIsDecoded) {
    for (const Lists lists : {Lists::unfolded, Lists::raw}) {
        EXPECT_EQ(
            decode_line("MONITOR SUCCESS 100 " + base64_encode("USED_MB=12\nFREE_MB=3\n"), lists),
            "MONITOR SUCCESS 100 USED_MB=12\nFREE_MB=3\n");
        EXPECT_EQ(decode_line("MD5 8d777f385d3dfec8815d20f7496026dc", lists),
                  "MD5 8d777f385d3dfec8815d20f7496026dc");
        EXPECT_EQ(decode_line("IMPORT FAILURE 5 not available", lists),
                  "IMPORT FAILURE 5 not available");
    }
}

TEST(Decoder, MessagesAreShownWithoutTheirKeys) {
    const auto message = [](const std::string& root, const std::string& owner,
                            const std::string& key) {
        return "<" + root + "><" + owner + "><TEMPLATE><SECRET_ACCESS_KEY>" + key +
               "</SECRET_ACCESS_KEY><REGION>default</REGION></TEMPLATE></" + owner + "></" + root +
               ">";
    };
    for (const auto& [root, owner] : {std::pair("MARKET_DRIVER_ACTION_DATA", "MARKETPLACE"),
                                      std::pair("MARKET_DRIVER_ACTION_DATA", "DATASTORE"),
                                      std::pair("DS_DRIVER_ACTION_DATA", "DATASTORE")})
        for (const Lists lists : {Lists::unfolded, Lists::raw})
            EXPECT_EQ(decode_line("MONITOR  1 " + base64_encode(message(root, owner, "S3cr3t/K3y")),
                                  lists),
                      "MONITOR 1 " + message(root, owner, "***"));
}

TEST(Decoder, ListsInALine) {
    const std::string line = "MONITOR SUCCESS 0 " + base64_encode(kList);
    EXPECT_EQ(decode_line(line, Lists::unfolded), "MONITOR SUCCESS 0 " + kUnfolded);
    EXPECT_EQ(decode_line(line, Lists::raw), "MONITOR SUCCESS 0 " + kList);
    EXPECT_EQ(decode_line("APP=\"QUJD\"", Lists::unfolded), "APP\n  ABC") << "of a raw list";
}

}  // namespace
}  // namespace onemarket
