// SPDX-License-Identifier: Apache-2.0
#include "backends/io/s3/etag.h"

#include <gtest/gtest.h>

namespace onemarket {
namespace {

TEST(EtagOfParts, IsThatOfTheirMd5s) {
    const std::string md5 = "d41d8cd98f00b204e9800998ecf8427e";
    EXPECT_EQ(etag_of_parts({{1, md5}}), "59adb24ef3cdbe0297f05b395827453f-1");
    EXPECT_EQ(etag_of_parts({{1, md5}, {2, "no MD5"}}), "");
    EXPECT_EQ(etag_of_parts({}), "");
}

}  // namespace
}  // namespace onemarket
