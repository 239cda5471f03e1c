// SPDX-License-Identifier: Apache-2.0
#include "daemon/listen_address.h"

#include <gtest/gtest.h>

#include <string>

namespace onemarket {
namespace {

TEST(ListenAddress, OfEachFamily) {
    EXPECT_EQ(parse_listen_address("127.0.0.1:9911")->protocol().family(), AF_INET);
    EXPECT_EQ(parse_listen_address("[::1]:9911")->protocol().family(), AF_INET6);
    EXPECT_EQ(parse_listen_address("/run/one/metrics.sock")->protocol().family(), AF_UNIX);
    EXPECT_TRUE(parse_listen_address("/" + std::string(106, 'x')));
    EXPECT_EQ(socket_path("/run/x"), "/run/x");
    EXPECT_EQ(socket_path("127.0.0.1:9911"), "");
}

TEST(ListenAddress, NothingElse) {
    for (const std::string wrong :
         {"", "9911", ":9911", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536",
          "127.0.0.1:x", "127.0.0.1:9911 ", "localhost:9911", "::1:9911", "[127.0.0.1]:9911",
          "[::1]", "[::1]9911", "[]:9911", "metrics.sock", "127.1:9911"})
        EXPECT_FALSE(parse_listen_address(wrong)) << wrong;
    EXPECT_FALSE(parse_listen_address("/" + std::string(107, 'x')));
}

}  // namespace
}  // namespace onemarket
