// SPDX-License-Identifier: Apache-2.0
#include "daemon/subject.h"

#include <gtest/gtest.h>

#include "protocol/base64.h"
#include "tests/support/support.h"

namespace onemarket {
namespace {

std::string message(const std::string& name, std::map<std::string, std::string> values = {}) {
    values.insert({{"BASE_URL", "http://m/"}, {"PUBLIC_DIR", "/apps"}});
    return base64_encode(test::message_xml(name, values));
}
std::string app(const std::string& type) {
    return message("import-http-template", {{"TYPE", type}});
}

TEST(Subject, OfAMonitor) {
    const Subject subject = subject_of({Action::monitor, 100, message("monitor-http")});
    EXPECT_EQ(subject.market, 100);
    EXPECT_EQ(subject.market_name, "Lab");
    EXPECT_EQ(subject.app_name, "");
    EXPECT_FALSE(subject.is_template);
}

TEST(Subject, Templates) {
    for (const std::string type : {"2", "3"})
        EXPECT_TRUE(subject_of({Action::import, 5, app(type)}).is_template);
    for (const std::string type : {"0", "1", "4", "text"})
        EXPECT_FALSE(subject_of({Action::import, 5, app(type)}).is_template);
    EXPECT_EQ(subject_of({Action::import, 5, app("2")}).app_name, "golden-image");
}

TEST(Subject, NothingOfWhatCannotBeRead) {
    for (const char* payload : {"", "%%%%", "aGVsbG8="}) {
        const Subject subject = subject_of(Request{Action::import, 5, payload});
        EXPECT_FALSE(subject.market);
        EXPECT_FALSE(subject.is_template);
    }
}

// They stand in tables, and in logs.
TEST(Subject, NamesAreOneLineAndShort) {
    const std::string xml = "<MARKET_DRIVER_ACTION_DATA><MARKETPLACEAPP><NAME>two\nlines " +
                            std::string(1000, 'x') +
                            "</NAME></MARKETPLACEAPP></MARKET_DRIVER_ACTION_DATA>";
    const Subject subject = subject_of(Request{Action::import, 5, base64_encode(xml)});
    EXPECT_EQ(subject.app_name.substr(0, 10), "two lines ");
    EXPECT_EQ(subject.app_name.size(), 128U);
}

}  // namespace
}  // namespace onemarket
