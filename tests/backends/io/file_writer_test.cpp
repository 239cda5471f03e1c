// SPDX-License-Identifier: Apache-2.0
#include "backends/io/file_writer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/backends/helpers.h"

namespace onemarket::test {
namespace {

class FileWriterTest : public testing::Test {
  protected:
    FileWriter writer(const std::string& path) const {
        return FileWriter(UniqueFd(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL, 0600)), "new");
    }
    struct stat status() const {
        struct stat found {};
        EXPECT_EQ(::stat(path_.c_str(), &found), 0);
        return found;
    }

    TempDir dir_;
    const std::string path_ = dir_ / "file";
};

TEST_F(FileWriterTest, BytesInTheirOrder) {
    const std::string text = noise(20'000'003);
    FileWriter file = writer(path_);
    for (size_t at = 0; at < text.size(); at += 1'000'000) {
        write_text(file, text.substr(at, 1'000'000));
    }
    file.finish("done", 0640);
    EXPECT_TRUE(read_file(path_) == text);
    EXPECT_EQ(status().st_mode, S_IFREG | 0640U);
}

TEST_F(FileWriterTest, HolesTakeNoRoom) {
    FileWriter file = writer(path_);
    file.skip(10'000'000);
    write_text(file, "middle");
    file.skip(0);
    file.skip(10'000'000);
    file.finish("done", 0600);
    EXPECT_EQ(status().st_size, 20'000'006);
    EXPECT_LT(status().st_blocks, 1000);
    EXPECT_TRUE(read_file(path_) ==
                std::string(10'000'000, '\0') + "middle" + std::string(10'000'000, '\0'));
}

TEST_F(FileWriterTest, NothingIsAnEmptyFile) {
    FileWriter file = writer(path_);
    file.write({});
    file.finish("done", 0644);
    EXPECT_EQ(read_file(path_), "");
}

TEST_F(FileWriterTest, AFullDiskIsSaidWithTheName) {
    FileWriter file = writer(path_);
    const FullDisk full(1'000'000);
    const Error error = error_of([&] { write_text(file, noise(1'000'001)); });
    EXPECT_EQ(error.kind(), ErrorKind::no_space);
    EXPECT_TRUE(std::string(error.what()).starts_with("new: ")) << error.what();
}

TEST_F(FileWriterTest, AHoleAtTheEndOfAFullDisk) {
    FileWriter file = writer(path_);
    const FullDisk full(1'000'000);
    file.skip(1'000'001);
    const Error error = error_of([&] { file.finish("done", 0600); });
    EXPECT_EQ(error.kind(), ErrorKind::no_space);
    EXPECT_TRUE(std::string(error.what()).starts_with("done: ")) << error.what();
}

}  // namespace
}  // namespace onemarket::test
