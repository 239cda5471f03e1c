// SPDX-License-Identifier: Apache-2.0
// What the tests of readers that unpack have in common.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/backends/helpers.h"

namespace onemarket::test {

// `Unpacker`: made of the reader that gives what is packed.
template <class Unpacker>
class UnpackingTest : public testing::Test {
  protected:
    std::string unpack(const std::string& packed, size_t piece = 64 * 1024, size_t buffer = 4096) {
        Unpacker reader(std::make_unique<TextReader>(packed, BeforePiece(), piece));
        return read_all(reader, context_, buffer);
    }
    Error error(const std::string& packed) {
        return error_of([&] { unpack(packed); });
    }
    ErrorKind kind_of_failure(const std::string& packed) { return error(packed).kind(); }

    TestContext context_;
};

}  // namespace onemarket::test
