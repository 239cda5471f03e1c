// SPDX-License-Identifier: Apache-2.0
#include "daemon/process.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>
#include <vector>

namespace onemarket {
namespace {

TEST(HideCredentials, OfAllArgumentsButTheProgram) {
    std::string program = "http://u:p@h", one = "-p http://u:p@h", two = "x";
    std::vector<char*> argv{program.data(), one.data(), two.data()};
    hide_credentials(static_cast<int>(argv.size()), argv.data());
    EXPECT_EQ(program, "http://u:p@h");
    EXPECT_EQ(one, "-p http://***@h");
    EXPECT_EQ(two, "x");
}

TEST(KeepOutOthers, OnlyTakesAway) {
    const mode_t before = ::umask(0);
    keep_out_others();
    EXPECT_EQ(::umask(S_IRGRP), mode_t{027});
    keep_out_others();
    EXPECT_EQ(::umask(before), mode_t{S_IRGRP | 027});
}

}  // namespace
}  // namespace onemarket
