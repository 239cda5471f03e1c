// SPDX-License-Identifier: Apache-2.0
#include "backends/io/archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <clocale>

#include "tests/backends/helpers.h"
#include "tests/support/archives.h"

namespace onemarket {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using test::noise;
using test::packed;
using test::read_file;
using test::tar_of;
using test::TestContext;
using test::TextReader;
using test::zip_of;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::span<const std::byte> bytes_of(const std::string& text) {
    return std::as_bytes(std::span(text));
}

// Fails once, as a connection does; whoever asks again would take it for the end.
class BrokenReader : public Reader {
  public:
    explicit BrokenReader(std::string text) : text_(std::move(text)) {}
    Piece read(std::span<std::byte> buffer, Context& context) override {
        const Piece piece = text_.read(buffer, context);
        if (piece.size == 0 && !std::exchange(failed_, true))
            throw Error(ErrorKind::unavailable, "the source broke");
        return piece;
    }

  private:
    TextReader text_;
    bool failed_ = false;
};

// Says `hole` where the text has zeros, and how long it is in all.
class HoleReader : public Reader {
  public:
    HoleReader(std::string front, uint64_t hole) : front_(std::move(front)), hole_(hole) {}
    Piece read(std::span<std::byte> buffer, Context& context) override {
        const Piece piece = front_.read(buffer, context);
        if (piece.size > 0 || hole_ == 0) return piece;
        return {std::exchange(hole_, 0), true};
    }

  private:
    TextReader front_;
    uint64_t hole_;
};

// ---- Compressed images ----

struct Packer {
    std::string name;
    Compression compression;
};

class Decompressed : public testing::TestWithParam<Packer> {
  protected:
    void SetUp() override {
        if (!test::has_packer(GetParam().name)) GTEST_SKIP() << GetParam().name << " is missing";
    }
    std::string pack(const std::string& content) const { return packed(GetParam().name, content); }
    std::string unpack(std::unique_ptr<Reader> from, const UnpackLimits& limits = {}) {
        const auto reader = decompressed(std::move(from), GetParam().compression, limits);
        return test::read_all(*reader, context_);
    }
    std::string unpack(const std::string& text, size_t piece = 64 << 10) {
        return unpack(std::make_unique<TextReader>(text, test::BeforePiece{}, piece));
    }
    ErrorKind kind_of(const std::string& text) {
        return error_of([&] { unpack(text); }).kind();
    }

    TestContext context_;
};

INSTANTIATE_TEST_SUITE_P(Each, Decompressed,
                         testing::Values(Packer{"gzip", Compression::gzip},
                                         Packer{"bzip2", Compression::bzip2},
                                         Packer{"xz", Compression::xz},
                                         Packer{"zstd", Compression::zstd}),
                         test::case_name<Packer>);

TEST_P(Decompressed, IsKnown) {
    EXPECT_EQ(compression_of(bytes_of(pack("content"))), GetParam().compression);
    EXPECT_EQ(compression_of(bytes_of(pack(""))), GetParam().compression);
}

TEST_P(Decompressed, GivesWhatWasPacked) {
    for (const size_t size :
         {size_t{1}, size_t{65'535}, size_t{65'536}, size_t{65'537}, size_t{1'000'003}}) {
        const std::string content = noise(size / 2) + std::string(size - size / 2, 'x');
        const std::string text = pack(content);
        EXPECT_TRUE(unpack(text) == content) << size;
        EXPECT_TRUE(unpack(text, 1000) == content) << size;
    }
}

TEST_P(Decompressed, OneByteAtATime) {
    const std::string content = noise(3000);
    EXPECT_TRUE(unpack(pack(content), 1) == content);
}

TEST_P(Decompressed, NothingIsNothing) {
    EXPECT_EQ(unpack(pack("")), "");
}

TEST_P(Decompressed, MembersOneBehindTheOther) {
    const std::string first = noise(100'000), second = std::string(200'000, 'x');
    const std::string text = pack(first) + pack("") + pack(second);
    for (const size_t piece : {size_t{1}, size_t{777}, size_t{64} << 10})
        EXPECT_TRUE(unpack(text, piece) == first + second) << piece;
}

TEST_P(Decompressed, OnceAndNotTwice) {
    const std::string once = pack("content");
    EXPECT_TRUE(unpack(pack(once)) == once);
}

// An archive in it is not its business.
TEST_P(Decompressed, AnArchiveStaysOne) {
    const std::string tar = tar_of("add('a', b'content')");
    EXPECT_TRUE(unpack(pack(tar)) == tar);
}

TEST_P(Decompressed, CutOffIsCorrupt) {
    const std::string text = pack(noise(2000) + std::string(3000, 'x') + noise(300));
    for (size_t size = 1; size < text.size(); size += size < 64 || size + 64 > text.size() ? 1 : 29)
        EXPECT_EQ(kind_of(text.substr(0, size)), ErrorKind::corrupt)
            << size << " of " << text.size();
}

TEST_P(Decompressed, ASecondMemberCutOffIsCorrupt) {
    const std::string first = pack("content"), second = pack(noise(1000));
    for (size_t size = 1; size < second.size(); size += size < 64 ? 1 : 29)
        EXPECT_EQ(kind_of(first + second.substr(0, size)), ErrorKind::corrupt) << size;
}

// In a few bits nobody reads nothing changes; in none it may give something else.
TEST_P(Decompressed, DamagedIsNeverTakenForWhole) {
    const std::string content = noise(2000) + std::string(3000, 'x') + noise(300);
    const std::string text = pack(content);
    for (size_t at = 0; at < text.size(); at += at < 64 || at + 64 > text.size() ? 1 : 17) {
        std::string damaged = text;
        damaged[at] = static_cast<char>(damaged[at] ^ (1 << at % 8));
        try {
            EXPECT_TRUE(unpack(damaged) == content) << at << " of " << text.size();
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::corrupt) << at;
            EXPECT_STRNE(error.what(), "");
        }
    }
}

TEST_P(Decompressed, WhatFollowsMustBeAMember) {
    const std::string text = pack("content");
    for (const std::string& more :
         {std::string("x"), std::string("garbage behind it"), noise(200'000), text.substr(1)})
        EXPECT_EQ(kind_of(text + more), ErrorKind::corrupt) << more.size();
}

TEST_P(Decompressed, WhatIsNoneIsCorrupt) {
    EXPECT_EQ(kind_of("this is no such thing"), ErrorKind::corrupt);
}

TEST_P(Decompressed, MoreThanTheLimit) {
    const std::string text = pack(std::string(5'000'000, '\0'));
    const auto with_limit = [&](uint64_t bytes) {
        return unpack(std::make_unique<TextReader>(text), {bytes, 1}).size();
    };
    EXPECT_EQ(with_limit(5'000'000), 5'000'000U);
    const Error error = error_of([&] { with_limit(4'999'999); });
    EXPECT_EQ(error.kind(), ErrorKind::limit);
    EXPECT_STREQ(error.what(), "unpacked it is larger than 4999999 bytes");
}

TEST_P(Decompressed, ErrorOfTheSourceIsItsOwn) {
    const std::string text = pack(noise(1'000'000));
    const Error error =
        error_of([&] { unpack(std::make_unique<TextReader>(text, test::fail_at(500'000))); });
    EXPECT_EQ(error.kind(), ErrorKind::unavailable);
    EXPECT_STREQ(error.what(), "the source broke");
}

// Where another member could begin as well as the end be.
TEST_P(Decompressed, SourceThatBreaksBetweenMembers) {
    for (const std::string& content : {std::string("content"), std::string(), noise(100'000)}) {
        const std::string text = pack(content);
        EXPECT_EQ(error_of([&] { unpack(std::make_unique<BrokenReader>(text)); }).kind(),
                  ErrorKind::unavailable);
    }
}

TEST_P(Decompressed, CancelIsHeardWithin) {
    const std::string text = pack(noise(1'000'000));
    EXPECT_EQ(error_of([&] {
                  unpack(std::make_unique<TextReader>(text, [&](uint64_t offset, Context& context) {
                      if (offset >= 500'000) context_.stop.request_stop();
                      context.check();
                  }));
              }).kind(),
              ErrorKind::cancelled);
}

TEST_P(Decompressed, HoleInThePackedBytesIsZeros) {
    const std::string text = pack("content");
    const auto unpack_padded = [&] {
        return unpack(std::make_unique<HoleReader>(text, 1'000'001));
    };
    if (GetParam().compression == Compression::gzip)  // as it may come from a tape
        EXPECT_EQ(unpack_padded(), "content");
    else
        EXPECT_EQ(error_of([&] { unpack_padded(); }).kind(), ErrorKind::corrupt);
}

// ---- Archives ----

// Every name in the folder: "a=content", "d/", "l->target".
std::vector<std::string> tree(const std::string& folder) {
    std::vector<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        const std::string name =
            fs::relative(entry.path().parent_path(), folder) / entry.path().filename();
        const std::string path = name.starts_with("./") ? name.substr(2) : name;
        if (entry.is_symlink())
            names.push_back(path + "->" + fs::read_symlink(entry.path()).string());
        else if (entry.is_directory())
            names.push_back(path + "/");
        else if (entry.is_regular_file() && entry.file_size() < 1000)
            names.push_back(path + "=" + test::read_file(entry.path()));
        else
            names.push_back(path + "?");
    }
    std::sort(names.begin(), names.end());
    return names;
}

class ExtractArchive : public testing::Test {
  protected:
    ExtractArchive() {
        std::setlocale(LC_CTYPE, "C.UTF-8");  // names in archives
        fs::create_directories(folder_);
    }
    ~ExtractArchive() override { std::setlocale(LC_CTYPE, "C"); }

    void extract(Reader& from, ArchiveKind kind, const UnpackLimits& limits = {}) {
        extract_archive(from, kind, folder_, limits, context_);
    }
    void extract(const std::string& archive, const UnpackLimits& limits = {}) {
        TextReader reader(archive);
        extract(reader, archive.starts_with("PK") ? ArchiveKind::zip : ArchiveKind::tar, limits);
    }
    Error error(const std::string& archive, const UnpackLimits& limits = {}) {
        fs::remove_all(folder_);
        fs::create_directories(folder_);
        return error_of([&] { extract(archive, limits); });
    }
    // It is corrupt, and nothing is beside the folder.
    void expect_refused(const std::string& archive, const std::string& words) {
        const Error refused = error(archive);
        EXPECT_EQ(refused.kind(), ErrorKind::corrupt) << words;
        EXPECT_THAT(refused.what(), HasSubstr(words));
        EXPECT_THAT(test::list(dir_.path()), ElementsAre("folder")) << words;
    }
    struct stat status(const std::string& name) const {
        struct stat found {};
        EXPECT_EQ(::stat((folder_ + "/" + name).c_str(), &found), 0) << name;
        return found;
    }

    test::TempDir dir_;
    const std::string folder_ = dir_ / "folder";
    TestContext context_;
};

TEST_F(ExtractArchive, FilesFoldersAndLinks) {
    const std::string here = fs::current_path();
    extract(tar_of(R"(
add('d', type=FOLDER)
add('d/e', b'content')
add('f/g/h', b'deep')
add('empty')
symlink('d/up', '../empty')
symlink('d/f', 'e')
symlink('root', '.')
hardlink('hard', 'd/e')
add('late', b'x')
)"));
    EXPECT_THAT(tree(folder_),
                ElementsAre("d/", "d/e=content", "d/f->e", "d/up->../empty", "empty=", "f/", "f/g/",
                            "f/g/h=deep", "hard=content", "late=x", "root->."));
    EXPECT_EQ(status("hard").st_ino, status("d/e").st_ino);
    EXPECT_EQ(status("d/e").st_mtime, 1'000'000'000);
    EXPECT_EQ(status("d").st_mtime, 1'000'000'000);
    EXPECT_EQ(fs::current_path(), here);
}

TEST_F(ExtractArchive, NamesBelowADot) {
    extract(
        tar_of("add('./', type=FOLDER)\nadd('./a', b'1')\nadd('b/./c', b'2')\n"
               "symlink('./l', './b/c')"));
    EXPECT_THAT(tree(folder_), ElementsAre("a=1", "b/", "b/c=2", "l->./b/c"));
}

TEST_F(ExtractArchive, NamesInUtf8) {
    extract(tar_of("add('\u00e4\u65e5', b'1')\nsymlink('\u0161', '\u00e4\u65e5')"));
    EXPECT_THAT(tree(folder_), ElementsAre("\u00e4\u65e5=1", "\u0161->\u00e4\u65e5"));
}

TEST_F(ExtractArchive, LongNames) {
    const std::string name(200, 'n');
    extract(tar_of("add('" + name + "/" + name + "', b'1')"));
    EXPECT_THAT(tree(folder_), ElementsAre(name + "/", name + "/" + name + "=1"));
}

TEST_F(ExtractArchive, ReadsToTheEnd) {
    const std::string tar = tar_of("add('a', b'1')") + std::string(300'000, '\0');
    TextReader reader(tar);
    extract(reader, ArchiveKind::tar);
    std::vector<std::byte> buffer(1);
    EXPECT_EQ(reader.read(buffer, context_).size, 0U);
}

TEST_F(ExtractArchive, EmptyOnesAreEmpty) {
    extract(tar_of(""));
    EXPECT_THAT(tree(folder_), IsEmpty());
}

TEST_F(ExtractArchive, NamesThatLeadOutAreRefused) {
    for (const char* name : {"../x", "/abs", "a/../../x", "a/../x", "..", "a/..", "./../x"})
        expect_refused(tar_of("add('before')\nadd('" + std::string(name) + "', b'x')"),
                       "'" + std::string(name) + "' is no name of something within the archive");
    expect_refused(tar_of("add('..', type=FOLDER)"), "is no name");
}

TEST_F(ExtractArchive, LinksThatLeadOutAreRefused) {
    const std::vector<std::pair<std::string, std::string>> links = {
        {"l", "/etc"},      {"l", ".."},          {"l", "../x"},        {"l", "a/../../x"},
        {"a/l", "../../x"}, {"a/l", "../.././x"}, {"./l", "../x"},      {"a//l", "../../x"},
        {"l/", ".."},       {"l/.", ".."},        {"a/./l", "../../x"},
    };
    for (const auto& [name, to] : links)
        expect_refused(tar_of("add('a', type=FOLDER)\nsymlink('" + name + "', '" + to + "')"),
                       "'" + name + "' is a link that leads out of the archive");
    for (const char* to : {"/etc/passwd", "../x", "a/../../x"})
        expect_refused(tar_of("hardlink('h', '" + std::string(to) + "')"),
                       "'h' is a link that leads out of the archive");
}

// By name they stay within; but what looks like a folder on the way is a link itself.
TEST_F(ExtractArchive, LinksThatLeadOutByWayOfOthersAreRefused) {
    expect_refused(tar_of("add('p/q/r', type=FOLDER)\nsymlink('p/q/r/l', '../../..')\n"
                          "symlink('x', 'p/q/r/l/../../secret')"),
                   "'x' is a link that leads out of the archive");
    expect_refused(tar_of("add('p/q/r', type=FOLDER)\n"
                          "symlink('x', 'p/q/r/l/../../secret')\nsymlink('p/q/r/l', '../../..')"),
                   "'x' is a link that leads out of the archive");
}

TEST_F(ExtractArchive, ASecondNameOfALinkIsRefused) {
    expect_refused(tar_of("add('p/q', type=FOLDER)\nsymlink('p/q/l', '../..')\n"
                          "hardlink('x', 'p/q/l')"),
                   "'x' is another name of a link");
}

TEST_F(ExtractArchive, NothingGoesThroughALink) {
    const std::string links = "add('d', type=FOLDER)\nadd('f', b'content')\nsymlink('l', 'd')\n";
    expect_refused(tar_of(links + "add('l/x', b'1')"), "l");
    expect_refused(tar_of(links + "add('l/sub', type=FOLDER)"), "l");
    expect_refused(tar_of(links + "symlink('l/x', '../f')"), "l");
    expect_refused(tar_of(links + "hardlink('l/x', 'f')"), "l");
    expect_refused(tar_of(links + "add('d/y')\nhardlink('x', 'l/y')"), "l");
}

TEST_F(ExtractArchive, WhatIsNoFileIsRefused) {
    for (const char* type : {"FIFO", "DEVICE"})
        expect_refused(tar_of("add('x', type=" + std::string(type) + ")"),
                       "'x' is neither a file nor a folder nor a link");
}

TEST_F(ExtractArchive, RightsAreThoseOfOneOfOurFiles) {
    const mode_t before = ::umask(027);
    extract(
        tar_of("add('suid', b'x', mode=0o6755, uid=12345, gid=12345)\n"
               "add('sticky', type=FOLDER, mode=0o7777)\nadd('shut', type=FOLDER, mode=0)\n"
               "add('shut/in', b'x', mode=0o666)\nadd('none', mode=0)"));
    ::umask(before);
    EXPECT_EQ(status("suid").st_mode, S_IFREG | 0750U);
    EXPECT_EQ(status("suid").st_uid, ::geteuid());
    EXPECT_EQ(status("suid").st_gid, ::getegid());
    EXPECT_EQ(status("sticky").st_mode, S_IFDIR | 0750U);
    EXPECT_EQ(status("shut").st_mode, S_IFDIR | 0700U);
    EXPECT_EQ(status("shut/in").st_mode, S_IFREG | 0640U);
    EXPECT_EQ(status("none").st_mode, S_IFREG | 0U);
}

TEST_F(ExtractArchive, TheLastOfANameCounts) {
    extract(
        tar_of("add('a', b'first, longer')\nadd('a', b'last')\nsymlink('l', 'a')\n"
               "add('l', b'file')\nadd('d', type=FOLDER)\nadd('d', b'no folder')\n"
               "add('e', type=FOLDER)\nsymlink('e', 'a')"));
    EXPECT_THAT(tree(folder_), ElementsAre("a=last", "d=no folder", "e->a", "l=file"));
}

TEST_F(ExtractArchive, AFileInThePlaceOfAFolderThatIsNotEmpty) {
    EXPECT_THAT(error(tar_of("add('d/e', b'x')\nadd('d', b'no folder')")).what(), HasSubstr("d"));
    EXPECT_THAT(error(tar_of("add('d', b'no folder')\nadd('d/e', b'x')")).what(), HasSubstr("d"));
}

TEST_F(ExtractArchive, MoreThanTheLimit) {
    const std::string tar =
        tar_of("for i in range(10):\n    add(f'd/{i}', b'x' * 1000)");  // d/ is not in it
    extract(tar, {10'000, 10});
    EXPECT_EQ(tree(folder_).size(), 11U);
    const Error entries = error(tar, {10'000, 9});
    EXPECT_EQ(entries.kind(), ErrorKind::limit);
    EXPECT_STREQ(entries.what(), "it has more than 9 files and folders");
    const Error bytes = error(tar, {9'999, 10});
    EXPECT_EQ(bytes.kind(), ErrorKind::limit);
    EXPECT_STREQ(bytes.what(), "unpacked it is larger than 9999 bytes");
}

// Sparse files, as GNU tar writes them.
TEST_F(ExtractArchive, HolesStayHolesAndCount) {
    const test::TempDir other;
    const std::string path = other / "sparse";
    test::write_file(path, "begin");
    fs::resize_file(path, 50'000'000);
    test::write_file(other / "dense", "x");
    const std::string tar =
        test::output_of("tar -C '" + other.path().string() + "' --sparse -cf - sparse dense");
    ASSERT_LT(tar.size(), 1'000'000U);
    extract(tar, {50'000'001, 2});
    EXPECT_EQ(status("sparse").st_size, 50'000'000);
    EXPECT_LT(status("sparse").st_blocks, 2000);
    EXPECT_EQ(test::md5sum(folder_ + "/sparse"), test::md5sum(path));
    EXPECT_EQ(error(tar, {50'000'000, 2}).kind(), ErrorKind::limit);
}

// A few bytes can say that they are as large as one likes; their file would be so large at once.
TEST_F(ExtractArchive, WhatIsTooLargeIsNotBegun) {
    std::string zip = zip_of("add('a', bytes(1000))");
    const size_t size_in_header = 22;
    zip.replace(size_in_header, 4, "\xff\xff\xff\x7f");
    for (const std::string& archive : {zip, tar_of("add('a', bytes(1000))")}) {
        EXPECT_EQ(error(archive, {999, 1}).kind(), ErrorKind::limit);
        EXPECT_THAT(test::list(folder_), IsEmpty());
    }
}

TEST_F(ExtractArchive, ATarThatIsCutOffIsCorrupt) {
    const std::string tar = tar_of("add('a', b'x' * 3000)\nadd('b', b'y' * 3000)");
    const size_t second = 512 + 3072;  // where it could be at its end
    ASSERT_EQ(tar[second], 'b');
    for (const size_t size :
         std::vector<size_t>{513, 1000, 3000, 3511, 3583, second + 1, second + 511, second + 512,
                             second + 513, second + 3000, second + 3511})
        EXPECT_STREQ(error(tar.substr(0, size)).what(), "the archive is cut off") << size;
    for (const size_t size : {1U, 511U})
        EXPECT_EQ(error(tar.substr(0, size)).kind(), ErrorKind::corrupt) << size;
}

// To libarchive it is whole: what is missing are the zeros at its end.
TEST_F(ExtractArchive, ATarThatIsCutOffBetweenTwoEntriesIsCorrupt) {
    const std::string tar = tar_of(
        "add('a', b'x' * 3000)\nhardlink('h', 'a')\nadd('d', type=FOLDER)\n"
        "add('b', b'y' * 1024)");
    const size_t second = 512 + 3072, end = second + 512 + 512 + 512 + 1024;
    for (const size_t size : {second, second + 512, second + 1024, end})
        EXPECT_STREQ(error(tar.substr(0, size)).what(), "the archive is cut off") << size;
    // One block of them is enough, as to other programs.
    extract(tar.substr(0, end + 512));
}

// To libarchive it is at its end there; but two blocks end one, and what follows is nobody's.
TEST_F(ExtractArchive, ATarWithABlockOfZerosInItsMiddleIsCorrupt) {
    const std::string tar =
        tar_of("add('a', b'x' * 3000)\nadd('b', b'y')\nadd('c', b'z' * 200000)");
    const size_t second = 512 + 3072;
    std::string lost = tar;
    lost.replace(second, 512, std::string(512, '\0'));
    for (const size_t piece : {size_t{100}, size_t{512}, size_t{4095}, size_t{64} << 10}) {
        TextReader reader(lost, test::BeforePiece{}, piece);
        EXPECT_STREQ(error_of([&] { extract(reader, ArchiveKind::tar); }).what(),
                     "the archive goes on behind a block of zeros");
    }
    EXPECT_EQ(error(lost.substr(0, second + 512) + "x").kind(), ErrorKind::corrupt);
    lost.replace(second + 512, 512, std::string(512, '\0'));
    extract(lost);
    extract(lost.substr(0, second + 512) + std::string(300, '\0'));
}

TEST_F(ExtractArchive, ANameThatIsTooLong) {
    const std::string name = "add('" + std::string(300, 'n') + "', b'x')";
    expect_refused(tar_of(name), "File name too long");
    expect_refused(zip_of(name), "File name too long");
}

TEST_F(ExtractArchive, ALinkToItselfIsNoFile) {
    for (const char* to : {"x", "./x", "x/.", ".//x"})
        expect_refused(tar_of("hardlink('x', '" + std::string(to) + "')"),
                       "'x' is a link to itself");
    expect_refused(tar_of("symlink('y', 'x')\nhardlink('./y', 'y')"), "link");
    // What GNU tar makes of a file it is told of twice.
    extract(tar_of("add('x', b'content')\nhardlink('./x', 'x')\nadd('y', b'1')"));
    EXPECT_THAT(tree(folder_), ElementsAre("x=content", "y=1"));
}

TEST_F(ExtractArchive, FoldersInFolders) {
    extract(tar_of("add('/'.join(['a'] * 200), b'x')"));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    for (const char* name : {"'/'.join(['a'] * 201)", "'./' + 'a//./' * 201", "'a/' * 30000"})
        expect_refused(tar_of("add(" + std::string(name) + ", type=FOLDER)"),
                       "a name in it is more than 200 folders deep");
}

// Nothing is read between the headers of many small ones.
TEST_F(ExtractArchive, CancelIsHeardBetweenEmptyEntries) {
    const std::string tar = tar_of("for i in range(100):\n    add(f'{i}')");
    TextReader reader(tar, test::cancel_at(0, context_.stop));
    EXPECT_EQ(error_of([&] { extract(reader, ArchiveKind::tar); }).kind(), ErrorKind::cancelled);
    EXPECT_LE(tree(folder_).size(), 1U);
}

// They stand at the zip's end alone.
TEST_F(ExtractArchive, LinksAndRightsOfAZip) {
    const mode_t before = ::umask(027);
    const std::string script =
        "add('run', b'#!/bin/sh', create_system=3, external_attr=0o106777 << 16)\n"
        "add('./d/e', b'x', create_system=3, external_attr=0o100400 << 16)\n"
        "add('d/l', b'../run', create_system=3, external_attr=0o120777 << 16)\n"
        "add('dos', b'x', create_system=0, external_attr=0o120777 << 16)";
    for (const bool large : {false, true}) {
        extract(zip_of(script + (large ? "\nimport os\nadd('z', os.urandom(200000))" : "")));
        fs::remove(folder_ + "/z");
        EXPECT_THAT(tree(folder_),
                    ElementsAre("d/", "d/e=x", "d/l->../run", "dos=x", "run=#!/bin/sh"));
        EXPECT_EQ(status("run").st_mode, S_IFREG | 0750U);
        EXPECT_EQ(status("d/e").st_mode, S_IFREG | 0400U);
        EXPECT_EQ(status("dos").st_mode, S_IFREG | 0640U);
        fs::remove_all(folder_);
        fs::create_directories(folder_);
    }
    ::umask(before);
}

TEST_F(ExtractArchive, LinksOfAZipThatLeadOutAreRefused) {
    const auto link = [](const std::string& name, const std::string& to) {
        return "add('" + name + "', " + to + ", create_system=3, external_attr=0o120777 << 16)\n";
    };
    for (const char* to : {"b'..'", "b'/etc'", "b'a/../../x'", "b''", "b'x' * 5000", "b'a\\0b'"})
        expect_refused(zip_of(link("l", to)), "'l' is a link that leads out of the archive");
    expect_refused(zip_of(link("d/l", "b'../../x'")), "'d/l' is a link that leads out");
    expect_refused(zip_of(link("l", "b'd'") + "add('l/x', b'1')"), "l");
    // The names there are not those of what came.
    std::string other = zip_of(link("abc", "b'd'"));
    other.replace(other.rfind("abc"), 3, "../");
    expect_refused(other, "'../' is a link that is not in the archive");
}

TEST_F(ExtractArchive, AZipThatIsCutOffInItsDirectoryIsCorrupt) {
    const std::string zip = zip_of("add('a', b'content')\nadd('b', b'content')");
    const size_t begin = zip.find("PK\x01\x02"), end = zip.find("PK\x05\x06");
    for (size_t size = begin + 4; size < end + 22; ++size)
        EXPECT_STREQ(error(zip.substr(0, size)).what(), "the archive is cut off") << size;
    for (size_t size = begin; size < begin + 4; ++size)
        EXPECT_EQ(error(zip.substr(0, size)).kind(), ErrorKind::corrupt) << size;
    std::string with_comment = zip + "comment";
    with_comment[end + 20] = 7;
    for (size_t size = end + 22; size < with_comment.size(); ++size)
        EXPECT_STREQ(error(with_comment.substr(0, size)).what(), "the archive is cut off") << size;
    extract(with_comment);
    extract(with_comment + "and more");
}

TEST_F(ExtractArchive, AZipWhoseEndSaysAnotherNumberIsCorrupt) {
    std::string zip = zip_of("add('a', b'content')\nadd('b', b'content')");
    const size_t end = zip.find("PK\x05\x06");
    zip[end + 10] = 3;
    EXPECT_STREQ(error(zip).what(), "the archive's directory has 2 entries, and its end says 3");
    // As in a large one, where the number stands in another record.
    zip.replace(end + 8, 4, "\xff\xff\xff\xff");
    const std::string large = "PK\x06\x06" + std::string("\x2c\0\0\0\0\0\0\0", 8) +
                              std::string(44, '\0') + "PK\x06\x07" + std::string(16, '\0');
    extract(zip);
    extract(zip.substr(0, end) + large + zip.substr(end));
    for (size_t size = end; size < end + large.size(); ++size)
        EXPECT_STREQ(error((zip.substr(0, end) + large).substr(0, size)).what(),
                     "the archive is cut off");
}

// libarchive takes what is damaged there for a gap between two entries.
TEST_F(ExtractArchive, AZipThatLostAnEntryIsCorrupt) {
    const std::string zip = zip_of("add('a', b'1')\nadd('b', b'2')\nadd('c', b'3')");
    const size_t second = zip.find("PK\x03\x04", 4), third = zip.find("PK\x03\x04", second + 4);
    std::string signature = zip, zeros = zip;
    signature[second + 1] = 'X';
    zeros.replace(second, third - second, std::string(third - second, '\0'));
    for (const std::string& lost : {signature, zeros, zip.substr(0, second) + zip.substr(third)})
        EXPECT_STREQ(error(lost).what(),
                     "'b' is in the archive's directory and not in the archive");
    // What somebody took out of the directory may still be there.
    std::string more = zip.substr(0, second) + zip.substr(0, second) + zip.substr(second);
    more[second + 30] = 'x';
    extract(more);
    EXPECT_THAT(tree(folder_), ElementsAre("a=1", "b=2", "c=3", "x=1"));
}

TEST_F(ExtractArchive, AZipWhoseFilesAreNotAsLongAsItsDirectorySaysIsCorrupt) {
    std::string zip = zip_of("add('a', b'content')\nadd('b', b'content')");
    const size_t size = zip.find("PK\x01\x02", zip.find("PK\x01\x02") + 4) + 24;
    zip[size] = 8;
    EXPECT_STREQ(error(zip).what(), "'b' has 7 bytes, and the archive's directory says 8");
    // As of a large one, where it stands in another field.
    zip.replace(size, 4, "\xff\xff\xff\xff");
    extract(zip);
    // The last one of two that have one name is there.
    extract(zip_of("add('c', b'content')\nadd('c', b'x')"));
    EXPECT_THAT(tree(folder_), ElementsAre("a=content", "b=content", "c=x"));
}

TEST_F(ExtractArchive, AZipWhoseNamesAreWrittenInAnotherWay) {
    extract(
        zip_of("add('e\u0301', b'1')\nadd('d\\\\', create_system=0)\n"
               "add('d\\\\f', b'2', create_system=0)\nadd('./g//h', b'3')"));
    EXPECT_THAT(tree(folder_), ElementsAre("d/", "d/f=2", "g/", "g/h=3", "\u00e9=1"));
}

TEST_F(ExtractArchive, RightsOfAZipsFolders) {
    const mode_t before = ::umask(027);
    extract(
        zip_of("add('shut/', create_system=3, external_attr=0o40700 << 16)\n"
               "add('shut/in', b'x')\n"
               "add('read/only/', create_system=3, external_attr=0o47557 << 16)\n"
               "add('read/only/in', b'x')\n"
               "add('dos/', create_system=0, external_attr=0o40700 << 16)"));
    ::umask(before);
    EXPECT_EQ(status("shut").st_mode, S_IFDIR | 0700U);
    EXPECT_EQ(status("shut").st_mtime, 1'000'000'000);
    EXPECT_EQ(status("read").st_mode, S_IFDIR | 0750U);
    EXPECT_EQ(status("read/only").st_mode, S_IFDIR | 0750U);
    EXPECT_EQ(status("dos").st_mode, S_IFDIR | 0750U);
}

TEST_F(ExtractArchive, TheWorkingFolderNeedNotBeReadable) {
    const fs::path before = fs::current_path();
    const std::string shut = dir_ / "shut";
    fs::create_directories(shut);
    fs::current_path(shut);
    fs::permissions(shut, fs::perms(0300));
    extract(tar_of("add('a', b'1')"));
    EXPECT_EQ(fs::current_path(), shut);
    fs::current_path(before);
    EXPECT_THAT(tree(folder_), ElementsAre("a=1"));
}

// A header that is damaged takes its file with it: what remains is not what was packed.
TEST_F(ExtractArchive, ADamagedTarIsCorrupt) {
    const std::string tar = tar_of("add('a', b'x' * 3000)\nadd('b', b'y' * 3000)\nadd('c')");
    const size_t second = 512 + 3072;
    for (const size_t at : std::vector<size_t>{0, 100, 150, second, second + 101, second + 130}) {
        std::string damaged = tar;
        damaged[at] = static_cast<char>(damaged[at] ^ 1);
        EXPECT_EQ(error(damaged).kind(), ErrorKind::corrupt) << at;
    }
}

TEST_F(ExtractArchive, ErrorOfTheSourceIsItsOwn) {
    const std::string tar = tar_of("add('a', b'x' * 300000)\nadd('b', b'y' * 3000)");
    for (const size_t size : {size_t{0}, size_t{512}, size_t{100'000}, size_t{300'544 + 512}}) {
        BrokenReader reader(tar.substr(0, size));
        const Error error = error_of([&] { extract(reader, ArchiveKind::tar); });
        EXPECT_EQ(error.kind(), ErrorKind::unavailable) << size;
    }
}

TEST_F(ExtractArchive, CancelIsHeard) {
    const std::string tar = tar_of("add('a', b'x' * 3000000)");
    TextReader reader(tar, test::cancel_at(1'000'000, context_.stop));
    EXPECT_EQ(error_of([&] { extract(reader, ArchiveKind::tar); }).kind(), ErrorKind::cancelled);
}

TEST_F(ExtractArchive, AFullDisk) {
    const std::string tar = tar_of("add('a', b'x' * 3000000)");
    const test::FullDisk full(1'000'000);
    const Error failure = error(tar);
    EXPECT_EQ(failure.kind(), ErrorKind::no_space);
}

// ---- zip ----

TEST_F(ExtractArchive, Zip) {
    for (const bool seekable : {true, false}) {
        fs::remove_all(folder_);
        fs::create_directories(folder_);
        extract(
            zip_of("add('d/')\nadd('d/e', b'content' * 100)\nadd('f/g/h', b'deep')\nadd('empty')\n"
                   "add('\u00e4', b'1')\nadd('stored', b'2', compress_type=zipfile.ZIP_STORED)",
                   seekable));
        EXPECT_THAT(tree(folder_),
                    ElementsAre("d/", testing::StartsWith("d/e=contentcontent"), "empty=", "f/",
                                "f/g/", "f/g/h=deep", "stored=2", "\u00e4=1"));
    }
}

// As a raw image does: also where nothing says beforehand how long the file is.
TEST_F(ExtractArchive, ZipOfFilesThatEndInZeros) {
    const std::string big(3'000'001, 'x'), zeros(std::size_t{8} << 20, '\0');
    for (const bool seekable : {true, false}) {
        for (const char* method : {"ZIP_STORED", "ZIP_DEFLATED"}) {
            fs::remove_all(folder_);
            fs::create_directories(folder_);
            extract(
                zip_of("for name, size in (('image', 3000001), ('small', 1), ('none', 0)):\n"
                       "    add(name, b'x' * size + bytes(8 << 20), compress_type=zipfile." +
                           std::string(method) + ")\nadd('between', b'x' + bytes(8 << 20) + b'x')",
                       seekable));
            EXPECT_TRUE(read_file(folder_ + "/image") == big + zeros) << method;
            EXPECT_TRUE(read_file(folder_ + "/small") == "x" + zeros) << method;
            EXPECT_TRUE(read_file(folder_ + "/none") == zeros) << method;
            EXPECT_TRUE(read_file(folder_ + "/between") == "x" + zeros + "x") << method;
            struct stat status {};
            ASSERT_EQ(::stat((folder_ + "/image").c_str(), &status), 0);
            EXPECT_LT(status.st_blocks * 512, 4'000'000) << "zeros take room";
        }
    }
}

TEST_F(ExtractArchive, ZipWithNamesThatLeadOut) {
    for (const char* name : {"../x", "/abs", "a/../../x", "..", "../"})
        expect_refused(zip_of("add('before')\nadd('" + std::string(name) + "', b'x')"),
                       "is no name of something within the archive");
    expect_refused(zip_of("add('..\\\\x', b'x', create_system=0)"), "is no name");
}

TEST_F(ExtractArchive, ZipWithLinksThatLeadOut) {
    // Where it is unpacked as it comes its kinds are not known yet: then this is a file.
    try {
        extract(
            zip_of("add('l', b'../..', external_attr=0o120777 << 16, "
                   "compress_type=zipfile.ZIP_STORED)\nadd('m/x', b'1')"));
        EXPECT_FALSE(fs::is_symlink(folder_ + "/l"));
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::corrupt);
    }
    EXPECT_THAT(test::list(dir_.path()), ElementsAre("folder"));
}

TEST_F(ExtractArchive, ZipWithRights) {
    extract(zip_of("add('suid', b'x', external_attr=0o104755 << 16)"));
    EXPECT_EQ(status("suid").st_mode & 07000, 0U);
}

TEST_F(ExtractArchive, ZipMoreThanTheLimit) {
    for (const bool seekable : {true, false}) {
        const std::string zip = zip_of("add('zeros', bytes(5000000))\nadd('b', b'1')", seekable);
        ASSERT_LT(zip.size(), 100'000U);
        EXPECT_EQ(error(zip, {5'000'000, 2}).kind(), ErrorKind::limit);
        EXPECT_EQ(error(zip, {6'000'000, 1}).kind(), ErrorKind::limit);
        fs::remove_all(folder_);
        fs::create_directories(folder_);
        extract(zip, {5'000'001, 2});
    }
}

TEST_F(ExtractArchive, ZipThatIsDamagedIsCorrupt) {
    for (const char* how : {"ZIP_DEFLATED", "ZIP_STORED"}) {
        const std::string zip = zip_of(
            "import random\nrandom.seed(1)\nadd('a', random.randbytes(3000), "
            "compress_type=zipfile." +
            std::string(how) + ")");
        for (const size_t at : {size_t{100}, size_t{1500}, size_t{2900}}) {
            std::string damaged = zip;
            damaged[at] = static_cast<char>(damaged[at] ^ 1);
            EXPECT_EQ(error(damaged).kind(), ErrorKind::corrupt) << how << at;
        }
        for (const size_t size : {size_t{4}, size_t{20}, size_t{32}, size_t{100}, size_t{2900}})
            EXPECT_EQ(error(zip.substr(0, size)).kind(), ErrorKind::corrupt) << how << size;
    }
}

// It says it is small, so that whoever believes it does not look at what comes.
TEST_F(ExtractArchive, ZipThatLiesAboutItsSize) {
    std::string zip = zip_of("add('a', bytes(5000000))");
    const size_t size_in_header = 22;
    zip.replace(size_in_header, 4, std::string("\x0a\0\0\0", 4));
    EXPECT_EQ(error(zip).kind(), ErrorKind::corrupt);
}

}  // namespace
}  // namespace onemarket
