// SPDX-License-Identifier: Apache-2.0
#include "backends/io/file_reader.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <string>
#include <vector>

#include "tests/backends/helpers.h"

namespace onemarket {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using test::noise;
using test::read_all;
using test::TempDir;
using test::TestContext;
using test::write_file;

constexpr size_t kBlock = size_t{1} << 20;  // data and holes of this size, whatever a block is

// A file of blocks: 'd' is data, '.' a hole. Returns what it holds.
std::string make_sparse(const std::string& path, const std::string& layout) {
    const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600));
    std::string content(layout.size() * kBlock, '\0');
    EXPECT_EQ(::ftruncate(fd.get(), static_cast<off_t>(content.size())), 0);
    for (size_t i = 0; i < layout.size(); ++i) {
        if (layout[i] == '.') continue;
        content.replace(i * kBlock, kBlock, noise(kBlock, static_cast<unsigned>(i)));
        EXPECT_EQ(::pwrite(fd.get(), &content[i * kBlock], kBlock, static_cast<off_t>(i * kBlock)),
                  static_cast<ssize_t>(kBlock));
    }
    return content;
}

// The reader's pieces in make_sparse()'s notation, a letter a block.
std::string layout_of(FileReader& reader, Context& context) {
    std::string layout;
    std::vector<std::byte> buffer(kBlock);
    while (true) {
        const Piece piece = reader.read(buffer, context);
        if (piece.size == 0) return layout;
        EXPECT_EQ(piece.size % kBlock, 0U);
        layout.append(piece.size / kBlock, piece.hole ? '.' : 'd');
    }
}

bool file_system_tells_holes(const TempDir& dir) {
    make_sparse(dir / "try", ".d");
    const UniqueFd fd(::open((dir / "try").c_str(), O_RDONLY));
    return ::lseek(fd.get(), 0, SEEK_DATA) == static_cast<off_t>(kBlock);
}

TEST(FileReader, ReadsEveryByteWithAnyBuffer) {
    const TempDir dir;
    const std::string content = noise(300'007);
    write_file(dir / "image", content);
    for (const size_t buffer : {size_t{1}, size_t{4096}, size_t{100'000}, size_t{1} << 20}) {
        TestContext context;
        FileReader reader(dir / "image");
        EXPECT_EQ(reader.size(), content.size());
        EXPECT_EQ(read_all(reader, context, buffer), content) << buffer;
    }
}

TEST(FileReader, EmptyFileEndsAtOnceAndStaysAtItsEnd) {
    const TempDir dir;
    write_file(dir / "image", "");
    TestContext context;
    FileReader reader(dir / "image");
    std::array<std::byte, 16> buffer{};
    for (int i = 0; i < 2; ++i) EXPECT_EQ(reader.read(buffer, context).size, 0U);
    EXPECT_EQ(reader.size(), 0U);
    EXPECT_EQ(reader.allocated(), 0U);
}

TEST(FileReader, TellsHolesFromData) {
    const TempDir dir;
    if (!file_system_tells_holes(dir)) GTEST_SKIP() << "this file system has no holes to find";
    for (const std::string layout : {".", "d", ".d", "d.", "d.d", ".d.", "..dd..d", "d...."}) {
        const std::string content = make_sparse(dir / "image", layout);
        TestContext context;
        FileReader seen(dir / "image");
        EXPECT_EQ(layout_of(seen, context), layout);
        FileReader reader(dir / "image");
        EXPECT_TRUE(read_all(reader, context) == content) << layout;
    }
}

TEST(FileReader, HoleLeavesTheBufferAlone) {
    const TempDir dir;
    if (!file_system_tells_holes(dir)) GTEST_SKIP() << "this file system has no holes to find";
    make_sparse(dir / "image", ".");
    TestContext context;
    FileReader reader(dir / "image");
    std::array<std::byte, 16> buffer;
    buffer.fill(std::byte{0x77});
    const Piece piece = reader.read(buffer, context);
    EXPECT_TRUE(piece.hole);
    EXPECT_EQ(piece.size, kBlock);
    EXPECT_EQ(buffer[0], std::byte{0x77});
    EXPECT_EQ(reader.read(buffer, context).size, 0U);
}

TEST(FileReader, AllocatedIsWhatItTakesOnDisk) {
    const TempDir dir;
    if (!file_system_tells_holes(dir)) GTEST_SKIP() << "this file system has no holes to find";
    make_sparse(dir / "sparse", "........d");
    const FileReader sparse(dir / "sparse");
    EXPECT_EQ(sparse.size(), 9 * kBlock);
    EXPECT_GE(sparse.allocated(), kBlock);
    EXPECT_LT(sparse.allocated(), 2 * kBlock);

    // A small file may take a whole block, but never counts for more than its size.
    write_file(dir / "small", "x");
    EXPECT_LE(FileReader(dir / "small").allocated(), 1U);
}

// An image that ends too early is corrupt, wherever the cut is.
TEST(FileReader, FileThatShrinksWhileItIsRead) {
    struct Case {
        const char* what;
        std::string layout;
        size_t shrunk_to;
    };
    const std::vector<Case> cases = {
        {"within data", "dddd", 2 * kBlock + 17},
        {"to nothing", "dddd", 0},
        {"within a hole at the end", "d...", 2 * kBlock},
        {"within a hole", "d..d", 2 * kBlock},
        {"the last byte", "dddd", 4 * kBlock - 1},
        {"the last byte of a hole", "...", 3 * kBlock - 1},
    };
    for (const auto& c : cases) {
        const TempDir dir;
        make_sparse(dir / "image", c.layout);
        TestContext context;
        FileReader reader(dir / "image");
        std::vector<std::byte> buffer(4096);
        if (c.layout[0] == 'd') reader.read(buffer, context);  // on its way already
        fs::resize_file(dir / "image", c.shrunk_to);
        const Error error = error_of([&] { read_all(reader, context); });
        EXPECT_EQ(error.kind(), ErrorKind::corrupt) << c.what;
        EXPECT_TRUE(std::string(error.what()).starts_with(dir / "image")) << error.what();
        EXPECT_NE(std::string(error.what()).find(std::to_string(c.layout.size() * kBlock)),
                  std::string::npos)
            << "names the size it had: " << error.what();
    }
}

TEST(FileReader, FileThatGrowsIsReadAsItWas) {
    const TempDir dir;
    const std::string content = noise(100'000);
    write_file(dir / "image", content);
    TestContext context;
    FileReader reader(dir / "image");
    write_file(dir / "image", content + "more");
    EXPECT_EQ(read_all(reader, context), content);
}

TEST(FileReader, ErrorsBeginWithThePath) {
    const TempDir dir;
    fs::create_directory(dir / "folder");
    write_file(dir / "file", "");
    ASSERT_EQ(::mkfifo((dir / "fifo").c_str(), 0600), 0);
    fs::create_symlink(dir / "loop", dir / "loop");
    struct Case {
        std::string path;
        ErrorKind kind;
        const char* reason;
    };
    const std::vector<Case> cases = {
        {dir / "missing", ErrorKind::not_found, "No such file or directory"},
        {dir / "file/below", ErrorKind::not_found, "Not a directory"},
        {dir / "folder", ErrorKind::bad_request, "neither a file nor a block device"},
        {dir / "fifo", ErrorKind::bad_request, "neither a file nor a block device"},
        {"/dev/null", ErrorKind::bad_request, "neither a file nor a block device"},
        {dir / "loop", ErrorKind::bad_request, "symbolic links"},
    };
    for (const auto& c : cases) {
        const Error error = error_of([&] { FileReader reader(c.path); });
        EXPECT_EQ(error.kind(), c.kind) << c.path;
        EXPECT_TRUE(std::string(error.what()).starts_with(c.path + ": ")) << error.what();
        EXPECT_NE(std::string(error.what()).find(c.reason), std::string::npos) << error.what();
    }
}

TEST(FileReader, UnreadableFile) {
    const test::BoundByRights bound;
    const TempDir dir;
    write_file(dir / "secret", "x");
    fs::permissions(dir / "secret", fs::perms::none);
    const Error error = error_of([&] { FileReader reader(dir / "secret"); });
    EXPECT_EQ(error.kind(), ErrorKind::permission);
    EXPECT_EQ(error.what(), dir / "secret" + ": Permission denied");
}

TEST(FileReader, LinkToAFileIsTheFile) {
    const TempDir dir;
    write_file(dir / "image", "content");
    fs::create_symlink(dir / "image", dir / "link");
    TestContext context;
    FileReader reader(dir / "link");
    EXPECT_EQ(read_all(reader, context), "content");
}

TEST(FileReader, OpenFileIsReadFromItsBegin) {
    const TempDir dir;
    write_file(dir / "image", "content");
    UniqueFd fd(::open((dir / "image").c_str(), O_RDONLY));
    ASSERT_EQ(::lseek(fd.get(), 3, SEEK_SET), 3);
    const int number = fd.get();
    TestContext context;
    FileReader reader(std::move(fd), "a name");
    EXPECT_EQ(reader.file(), number);
    EXPECT_EQ(read_all(reader, context), "content");
}

TEST(FileReader, OpenDescriptorOfSomethingElseIsRefusedByItsName) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    const UniqueFd write_end(ends[1]);
    const Error error = error_of([&] { FileReader reader{UniqueFd(ends[0]), "a pipe"}; });
    EXPECT_STREQ(error.what(), "a pipe: neither a file nor a block device");
}

TEST(FileReader, ReadAtDoesNotMoveOn) {
    const TempDir dir;
    write_file(dir / "image", "0123456789");
    TestContext context;
    FileReader reader(dir / "image");
    std::string four(4, ' ');
    const auto at = [&](uint64_t offset) {
        const size_t got = reader.read_at(offset, std::as_writable_bytes(std::span(four)));
        return four.substr(0, got);
    };
    EXPECT_EQ(at(3), "3456");
    EXPECT_EQ(at(0), "0123");
    EXPECT_EQ(at(8), "89") << "fewer at the end";
    EXPECT_EQ(at(10), "");
    EXPECT_EQ(at(uint64_t{1} << 40), "");
    EXPECT_EQ(reader.read_at(0, {}), 0U);
    EXPECT_EQ(read_all(reader, context), "0123456789");
}

TEST(FileReader, ReadAtAnOffsetNoFileHasIsTheEnd) {
    const TempDir dir;
    write_file(dir / "image", "0123456789");
    const FileReader reader(dir / "image");
    std::array<std::byte, 4> buffer{};
    EXPECT_EQ(reader.read_at(10, buffer), 0U);
    EXPECT_EQ(reader.read_at(~uint64_t{0}, buffer), 0U);
}

TEST(FileReader, LeavesNoDescriptorBehind) {
    const TempDir dir;
    write_file(dir / "image", "x");
    const size_t before = test::list("/proc/self/fd").size();
    { const FileReader reader(dir / "image"); }
    error_of([&] { FileReader reader(dir.path().string()); });
    EXPECT_EQ(test::list("/proc/self/fd").size(), before);
}

}  // namespace
}  // namespace onemarket
