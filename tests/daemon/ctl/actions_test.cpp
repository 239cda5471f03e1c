// SPDX-License-Identifier: Apache-2.0
#include "daemon/ctl/actions.h"

#include <gtest/gtest.h>

#include "protocol/base64.h"
#include "tests/backends/helpers.h"

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

// It has all a DELETE needs, but for a SOURCE: that would be done, and nothing deleted.
TEST(Actions, AnImportIsNoDelete) {
    const std::string import = test::message_xml("import-http", {{"PUBLIC_DIR", "/p"},
                                                                 {"BASE_URL", "http://h"},
                                                                 {"DATASTORES", "/ds"},
                                                                 {"SOURCE", "/i"},
                                                                 {"FORMAT", "raw"}});
    for (const std::string& text : {import, base64_encode(import)})
        EXPECT_STREQ(test::error_of([&] { parse_given(Action::remove, text); }).what(),
                     "this is the message of another action: IMPORT");
    EXPECT_EQ(parse_given(Action::import, import).id, 5);
    EXPECT_EQ(parse_given(Action::remove, "DELETE  5 " + base64_encode(import)).id, 5)
        << "a whole line says what it is";
}

}  // namespace
}  // namespace onemarket
