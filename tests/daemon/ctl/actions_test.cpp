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

}  // namespace
}  // namespace onemarket
