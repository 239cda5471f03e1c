// SPDX-License-Identifier: Apache-2.0
#include "daemon/text_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "tests/support/support.h"

namespace onemarket {
namespace {

// Kind and text of the Error, or `read`.
std::string outcome(const std::string& path) {
    try {
        read_text_file(path);
        return "read";
    } catch (const Error& error) {
        return std::string(to_string(error.kind())) + ": " + error.what();
    }
}

TEST(TextFile, IsReadWhole) {
    const test::TempDir dir;
    for (const size_t size : {size_t{0}, size_t{1}, size_t{65536}, size_t{200'000}}) {
        const std::string bytes = test::noise(size);
        test::write_file(dir / "x", bytes);
        EXPECT_TRUE(read_text_file(dir / "x") == bytes) << size;
        EXPECT_TRUE(read_text_file_or_empty(dir / "x") == bytes) << size;
    }
}

TEST(TextFile, WhatCannotBeReadIsNamedWithItsReason) {
    const test::TempDir dir;
    std::filesystem::create_directory(dir / "folder");
    std::filesystem::create_symlink("loop", dir / "loop");
    EXPECT_EQ(outcome(dir / "x"), "not_found: " + dir / "x" + ": No such file or directory");
    EXPECT_EQ(outcome(dir / "folder"), "unavailable: " + dir / "folder" + ": Is a directory");
    EXPECT_EQ(outcome(dir / "loop"),
              "bad_request: " + dir / "loop" + ": Too many levels of symbolic links");
    for (const auto* name : {"x", "folder", "loop"})
        EXPECT_EQ(read_text_file_or_empty(dir / name), "") << name;
}

}  // namespace
}  // namespace onemarket
