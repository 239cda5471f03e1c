// SPDX-License-Identifier: Apache-2.0
#include "daemon/layout.h"

#include <gtest/gtest.h>

namespace onemarket {
namespace {

TEST(Layout, WithoutOneLocationItIsTheSystem) {
    const Layout layout = Layout::of("");
    EXPECT_EQ(layout.var, "/var/lib/one");
    EXPECT_EQ(layout.etc, "/etc/one");
    EXPECT_EQ(layout.log, "/var/log/one");
    EXPECT_EQ(layout.remotes, "/var/lib/one/remotes");
    EXPECT_EQ(layout.mads, "/usr/lib/one/mads");
}

TEST(Layout, OneLocationIsSelfContained) {
    const Layout layout = Layout::of("/opt/one");
    EXPECT_EQ(layout.var, "/opt/one/var");
    EXPECT_EQ(layout.etc, "/opt/one/etc");
    EXPECT_EQ(layout.log, "/opt/one/var");
    EXPECT_EQ(layout.remotes, "/opt/one/var/remotes");
    EXPECT_EQ(layout.mads, "/opt/one/lib/mads");
}

TEST(Layout, OfAnEnvironment) {
    EXPECT_EQ(layout_of({}).etc, "/etc/one");
    EXPECT_EQ(layout_of({{"ONE_LOCATION", "/opt/one"}}).etc, "/opt/one/etc");
}

}  // namespace
}  // namespace onemarket
