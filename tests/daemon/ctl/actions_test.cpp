// SPDX-License-Identifier: Apache-2.0
#include "daemon/ctl/actions.h"

#include <gtest/gtest.h>

#include "protocol/base64.h"
#include "tests/support/support.h"

namespace onemarket {
namespace {

std::string monitor_xml() {
    return test::message_xml("monitor-http", {{"PUBLIC_DIR", "/p"}, {"BASE_URL", "http://h"}});
}

TEST(Actions, TakeALineOrItsBase64OrXml) {
    const std::string base64 = base64_encode(monitor_xml());
    const std::string broken = base64.substr(0, 76) + "\n" + base64.substr(76);
    for (const std::string& text :
         {"MONITOR  100 " + base64 + "\n", base64 + "\n", broken, "\n" + monitor_xml()}) {
        const Given given = parse_given(Action::monitor, text);
        EXPECT_EQ(given.id, 100);
        EXPECT_TRUE(base64_decode(given.payload));
    }
}

TEST(Actions, RefuseWhatIsNoMessage) {
    for (const char* text : {"", "hello", "<A/>", "DELETE  5 x"})
        EXPECT_THROW(parse_given(Action::monitor, text), Error) << text;
}

TEST(Actions, DecodeOnlyWhatPeopleCanRead) {
    EXPECT_EQ(decode_line("MONITOR SUCCESS 100 " + base64_encode("USED_MB=12\nFREE_MB=3\n")),
              "MONITOR SUCCESS 100 USED_MB=12\nFREE_MB=3\n");
    EXPECT_EQ(decode_line("MD5 8d777f385d3dfec8815d20f7496026dc"),
              "MD5 8d777f385d3dfec8815d20f7496026dc");
    EXPECT_EQ(decode_line("IMPORT FAILURE 5 not available"), "IMPORT FAILURE 5 not available");
}

}  // namespace
}  // namespace onemarket
