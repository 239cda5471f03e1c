// SPDX-License-Identifier: Apache-2.0
#include "backends/exports/datastore.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/backends/helpers.h"

namespace onemarket {
namespace {

std::string format_of(const std::string& image, const std::string& datastore = "") {
    return block_format(*DriverMessage::parse(
        "<MARKET_DRIVER_ACTION_DATA><IMAGE>" + image + "</IMAGE><DATASTORE><TEMPLATE>" + datastore +
        "</TEMPLATE></DATASTORE></MARKET_DRIVER_ACTION_DATA>"));
}

TEST(BlockFormat, IsRawUnlessImageOrDatastoreSaysOtherwise) {
    EXPECT_EQ(format_of(""), "raw");
    EXPECT_EQ(format_of("<FORMAT></FORMAT>"), "raw");
    EXPECT_EQ(format_of("<FORMAT>QCOW2</FORMAT>", "<DRIVER>raw</DRIVER>"), "qcow2");
    EXPECT_EQ(format_of("<TEMPLATE><DRIVER>qcow2</DRIVER></TEMPLATE>", "<DRIVER>raw</DRIVER>"),
              "qcow2");
    EXPECT_EQ(format_of("", "<DRIVER>qcow2</DRIVER>"), "qcow2");
}

TEST(BlockFormat, IsConfirmedUnlessItIsRaw) {
    EXPECT_FALSE(is_to_be_confirmed("raw"));
    for (const char* format : {"qcow2", "vmdk", "rbd", ""})
        EXPECT_TRUE(is_to_be_confirmed(format)) << format;
}

}  // namespace
}  // namespace onemarket
