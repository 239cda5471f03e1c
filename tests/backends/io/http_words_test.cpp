// SPDX-License-Identifier: Apache-2.0
#include "backends/io/http_words.h"

#include <gtest/gtest.h>

namespace onemarket {
namespace {

TEST(HttpWords, WhomToTrust) {
    EXPECT_EQ(whom_to_trust("SSL certificate problem: self-signed certificate"),
              " (CA_FILE says which ones are trusted)");
    for (const char* why :
         {"SSL: no alternative certificate subject name matches target host name '127.0.0.1'",
          "SSL: certificate subject name 'a' does not match target host name 'b'"})
        EXPECT_EQ(whom_to_trust(why),
                  " (the certificate is another name's; TLS_UNVERIFIED_HOSTS excepts a host)");
}

TEST(HttpWords, WhatToDoAboutTrust) {
    EXPECT_EQ(remedy_for_trust("Failed to connect to h port 443"), "");
    for (const auto& [why, remedy] :
         {std::pair("self-signed certificate", "CA_FILE in onemarketd.conf"),
          {"no alternative certificate subject name matches target host name 'h'",
           "use the name the certificate has"}})
        EXPECT_TRUE(remedy_for_trust("https://h: " + (why + std::string(whom_to_trust(why))))
                        .starts_with(remedy))
            << why;
    EXPECT_EQ(remedy_for_trust(std::string(kNothingOverHttps) + "onemarketd.conf, line 66: x"),
              "correct that line of onemarketd.conf, then `onemarketctl reload`");
}

TEST(HttpWords, WhoseServer) {
    const std::string why = "Failed to connect to 10.0.0.1 port 3128 after 0 ms: Couldn't connect";
    EXPECT_TRUE(names_server(why, "http://10.0.0.1/a?b"));
    EXPECT_FALSE(names_server(why, "http://host/a"));
    EXPECT_TRUE(names_server(why, "nonsense"));
}

}  // namespace
}  // namespace onemarket
