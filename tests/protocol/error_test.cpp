// SPDX-License-Identifier: Apache-2.0
#include "protocol/error.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <new>
#include <stdexcept>
#include <system_error>

namespace onemarket {
namespace {

Error caught(const auto& act) {
    try {
        act();
    } catch (const std::exception&) {
        return caught_error();
    }
    return {ErrorKind::internal, "nothing was thrown"};
}

// What somebody else has now is there another time: such a DELETE is tried again.
TEST(SystemError, WhatTheSystemLacksPasses) {
    for (const int number : {EMFILE, ENFILE, ENOMEM, EAGAIN, EROFS, EIO, ESTALE, ENOSPC, EDQUOT})
        EXPECT_TRUE(is_passing(system_error(number, "x").kind())) << number;
    for (const int number : {ENOENT, EACCES, EPERM, EINVAL, ELOOP})
        EXPECT_FALSE(is_passing(system_error(number, "x").kind())) << number;
}

TEST(CaughtError, SaysWhatItWas) {
    const Error error = caught([] { throw Error(ErrorKind::corrupt, "x: not whole"); });
    EXPECT_EQ(error.kind(), ErrorKind::corrupt);
    EXPECT_STREQ(error.what(), "x: not whole");

    const Error memory = caught([] { throw std::bad_alloc(); });
    EXPECT_EQ(memory.kind(), ErrorKind::unavailable);
    EXPECT_STREQ(memory.what(), "out of memory");

    const Error thread =
        caught([] { throw std::system_error(EAGAIN, std::generic_category(), "thread"); });
    EXPECT_EQ(thread.kind(), ErrorKind::unavailable);
    EXPECT_STREQ(thread.what(), "no thread could be started: Resource temporarily unavailable");

    const Error other = caught([] { throw std::logic_error("odd"); });
    EXPECT_EQ(other.kind(), ErrorKind::internal);
    EXPECT_STREQ(other.what(), "Internal error: odd");
}

}  // namespace
}  // namespace onemarket
