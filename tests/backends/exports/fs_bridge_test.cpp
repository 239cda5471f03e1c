// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include "backends/exports/fs.h"
#include "tests/backends/exports/bridge_fixture.h"

namespace onemarket::test {
namespace {

using std::string_literals::operator""s;

class FsBridgeTest : public BridgeFixture {
  protected:
    std::unique_ptr<ImageSource> of(const std::string& path, const std::string& format = "raw",
                                    const std::string& hosts = "bridge1 bridge2 bridge3") {
        return export_image<FsExporter>(message("fs-bridge", path, hosts, {{"FORMAT", format}}));
    }
    std::unique_ptr<ImageSource> of_bytes(std::string bytes, const std::string& format) {
        write_file(dir_ / "image", bytes);
        return of(dir_ / "image", format);
    }
};

TEST_F(FsBridgeTest, GivesTheFactsAndTheBytes) {
    const std::string content = noise(300'000);
    const auto image = of_bytes(content, "raw");
    EXPECT_EQ(image->facts().location, "ssh://bridge3:" + dir_ / "image") << "5 modulo 3";
    EXPECT_EQ(image->facts().size_mb, "128");
    EXPECT_EQ(image->facts().format, "raw");
    EXPECT_TRUE(image->facts().format_must_hold) << "so the copy is looked at again";
    EXPECT_TRUE(read_all(*image->open(context_), context_) == content);
}

TEST_F(FsBridgeTest, ZerosAreHolesAgain) {
    const auto image = of_bytes(std::string(300'000, '\0') + noise(100'000), "raw");
    const auto reader = image->open(context_);
    std::string buffer(65536, '\0');
    const Piece piece = reader->read(std::as_writable_bytes(std::span(buffer)), context_);
    EXPECT_TRUE(piece.hole);
    EXPECT_EQ(piece.size, 65536U);
}

TEST_F(FsBridgeTest, OddPaths) {
    for (const char* name :
         {"a b", "$(touch run-by-mistake)", "`touch run-by-mistake`", "; touch run-by-mistake",
          "'quoted\"", "caf\xc3\xa9", "<&>?c=d", "-rf"}) {
        write_file(dir_ / name, "content");
        EXPECT_EQ(read_all(*of(dir_ / name)->open(context_), context_), "content") << name;
    }
    const Error error = error_of([&] { of(dir_ / "a\nb"); });
    EXPECT_EQ(error.kind(), ErrorKind::bad_request) << error.what();
}

TEST_F(FsBridgeTest, ReadsTheFileItLookedAt) {
    const auto image = of_bytes("looked at", "raw");
    write_file(dir_ / "other", "QFI\xfb\0\0\0\3"s);
    std::filesystem::rename(dir_ / "other", dir_ / "image");
    EXPECT_EQ(read_all(*image->open(context_), context_), "looked at");
}

// A tenant cannot make one, and administrators do.
TEST_F(FsBridgeTest, ASymbolicLinkIsFollowed) {
    write_file(dir_ / "other", "content");
    std::filesystem::create_symlink("other", dir_ / "link");
    EXPECT_EQ(read_all(*of(dir_ / "link")->open(context_), context_), "content");
}

TEST_F(FsBridgeTest, FormatIsConfirmedByTheBytes) {
    const std::string qcow2 = "QFI\xfb\0\0\0\3"s + std::string(100'000, '\0');
    EXPECT_EQ(of_bytes(qcow2, "QCOW2")->facts().format, "qcow2");
    EXPECT_EQ(of_bytes(qcow2, "")->facts().format, "qcow2");
    EXPECT_EQ(of_bytes("", "")->facts().format, "raw");
    const std::string path = "bridge3: " + dir_ / "image";
    EXPECT_EQ(error_of([&] { of_bytes(qcow2, "raw"); }).what(),
              path + ": the datastore says its format is raw, its bytes say qcow2");
    std::string backed = qcow2;
    backed.replace(8, 12, "\0\0\0\0\0\1\0\0\0\0\0\x09"s);  // far behind the first bytes
    backed.replace(65'536, 9, "/etc/hose");
    EXPECT_EQ(error_of([&] { of_bytes(backed, "qcow2"); }).what(),
              path +
                  ": this qcow2 image has the backing file /etc/hose; only an image that stands "
                  "alone can be published");
    backed.replace(8, 12, std::string(12, '\xff'));  // and nowhere
    EXPECT_EQ(error_of([&] { of_bytes(backed, "qcow2"); }).kind(), ErrorKind::unsupported);
}

TEST_F(FsBridgeTest, SourceThatIsNoFile) {
    ASSERT_EQ(::mkfifo((dir_ / "fifo").c_str(), 0600), 0);
    EXPECT_EQ(error_of([&] { of(dir_ / "fifo"); }).what(),
              "bridge3: " + dir_ / "fifo" + ": not a regular file");
    EXPECT_STREQ(error_of([&] { of("relative"); }).what(), "relative: not an absolute path");
}

}  // namespace
}  // namespace onemarket::test
