// SPDX-License-Identifier: Apache-2.0
#include "backends/exports/fs.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/backends/helpers.h"

namespace onemarket {
namespace {

namespace fs = std::filesystem;
using std::string_literals::operator""s;
using test::error_of;
using test::TestContext;
using test::write_file;

std::string padded(std::string header) {
    header.resize(1 << 20);
    return header;
}

std::string qcow2() {
    return padded("QFI\xfb\0\0\0\3"s);
}
std::string luks() {
    return padded("LUKS\xba\xbe\0\1"s);
}
std::string vpc() {
    return padded("conectix");
}

class FsExporterTest : public testing::Test {
  protected:
    std::unique_ptr<ImageSource> export_image(const std::string& source,
                                              const std::string& format) {
        return FsExporter(site_).export_image(message(source, format), context_);
    }
    // Of an image that holds this.
    std::unique_ptr<ImageSource> export_bytes(const std::string& bytes, const std::string& format) {
        write_file(path_, bytes);
        return export_image(path_, format);
    }
    std::string format_of(const std::string& bytes, const std::string& declared) {
        return export_bytes(bytes, declared)->facts().format;
    }

    static DriverMessage message(const std::string& source, const std::string& format) {
        return test::message("import-http", {{"BASE_URL", "http://web"},
                                             {"PUBLIC_DIR", "/srv/market"},
                                             {"SOURCE", source},
                                             {"FORMAT", format},
                                             {"DATASTORES", "/ds"}});
    }
    // The message without one of its elements.
    static DriverMessage without(const std::string& element) {
        std::string xml = test::message_xml("import-http", {{"BASE_URL", "http://web"},
                                                            {"PUBLIC_DIR", "/srv/market"},
                                                            {"SOURCE", "/an/image"},
                                                            {"FORMAT", "raw"},
                                                            {"DATASTORES", "/ds"}});
        const size_t image = xml.find("<IMAGE>");
        const size_t begin = xml.find("<" + element + ">", image);
        const size_t end = xml.find("</" + element + ">", image) + element.size() + 3;
        xml.erase(begin, end - begin);
        return std::move(*DriverMessage::parse(xml));
    }

    Site site_;
    test::TempDir dir_;
    std::string path_ = dir_ / "image";
    TestContext context_;
};

TEST_F(FsExporterTest, GivesTheFactsAndTheBytes) {
    const std::string content = test::noise(300'000);
    const auto image = export_bytes(content, "raw");
    EXPECT_EQ(image->facts().location, path_);
    EXPECT_EQ(image->facts().size_mb, "128");
    EXPECT_EQ(image->facts().format, "raw");
    EXPECT_EQ(image->facts().md5, "");
    EXPECT_TRUE(image->facts().dispose_command.empty());
    EXPECT_TRUE(image->facts().format_must_hold) << "so the copy is looked at again";
    const auto reader = image->open(context_);
    EXPECT_GE(reader->file(), 0);
    EXPECT_TRUE(test::read_all(*reader, context_) == content);
}

TEST_F(FsExporterTest, OddPaths) {
    for (const char* name :
         {"a b", "$(touch x)", "; rm -rf x", "'quoted\"", "caf\xc3\xa9", "<&>"}) {
        write_file(dir_ / name, "content");
        const auto image = export_image(dir_ / name, "raw");
        EXPECT_EQ(test::read_all(*image->open(context_), context_), "content") << name;
    }
}

// A tenant cannot make one, and administrators do.
TEST_F(FsExporterTest, ASymbolicLinkIsFollowed) {
    write_file(dir_ / "other", "content");
    fs::create_symlink("other", path_);
    EXPECT_EQ(test::read_all(*export_image(path_, "raw")->open(context_), context_), "content");
}

// What was looked at is what is read, whoever replaces the file in between.
TEST_F(FsExporterTest, ReadsTheFileItLookedAt) {
    const auto image = export_bytes("looked at", "raw");
    write_file(dir_ / "other", qcow2());
    fs::rename(dir_ / "other", path_);
    EXPECT_EQ(test::read_all(*image->open(context_), context_), "looked at");
}

// --- The format ---

TEST_F(FsExporterTest, DeclaredFormatThatTheBytesConfirm) {
    EXPECT_EQ(format_of("no header", "raw"), "raw");
    EXPECT_EQ(format_of("", "raw"), "raw");
    EXPECT_EQ(format_of(qcow2(), "qcow2"), "qcow2");
    EXPECT_EQ(format_of(qcow2(), "QCOW2"), "qcow2");
    EXPECT_EQ(format_of(vpc(), "vpc"), "vpc");
    EXPECT_EQ(format_of(vpc(), "vhd"), "vhd") << "its other name";
    EXPECT_EQ(format_of(luks(), "luks"), "luks");
}

TEST_F(FsExporterTest, DeclaredFormatThatTheBytesDeny) {
    struct Case {
        std::string bytes, declared, found;
    };
    const std::vector<Case> cases = {
        {qcow2(), "raw", "qcow2"},   {"no header", "qcow2", "raw"}, {"", "qcow2", "raw"},
        {vpc(), "raw", "vpc"},       {qcow2(), "vmdk", "qcow2"},    {luks(), "qcow2", "luks"},
        {"no header", "foo", "raw"},
    };
    for (const auto& c : cases) {
        const Error error = error_of([&] { export_bytes(c.bytes, c.declared); });
        EXPECT_EQ(error.kind(), ErrorKind::corrupt) << c.declared;
        EXPECT_EQ(error.what(), path_ + ": the datastore says its format is " + c.declared +
                                    ", its bytes say " + c.found);
    }
}

TEST_F(FsExporterTest, WithoutADeclaredFormatTheBytesSay) {
    EXPECT_EQ(format_of("no header", ""), "raw");
    EXPECT_EQ(format_of("", ""), "raw");
    EXPECT_EQ(format_of(qcow2(), ""), "qcow2");
    EXPECT_EQ(format_of(luks(), ""), "luks");
    EXPECT_EQ(format_of(qcow2(), " "), "qcow2");
    write_file(path_, qcow2());
    DriverMessage message = without("FORMAT");
    EXPECT_EQ(error_of([&] { FsExporter(site_).export_image(message, context_); }).what(),
              "/an/image: No such file or directory"s)
        << "a missing FORMAT is no error by itself";
}

TEST_F(FsExporterTest, RawDiskThatItsGuestEncryptedIsRaw) {
    EXPECT_EQ(format_of(luks(), "raw"), "raw");
}

TEST_F(FsExporterTest, ImageThatNeedsAnotherFileIsRefused) {
    std::string backed = qcow2();
    backed.replace(8, 12, "\0\0\0\0\0\0\1\0\0\0\0\x09"s);
    backed.replace(256, 9, "/etc/hose");
    std::string external = qcow2();
    external[79] = '\4';
    external[103] = '\x68';
    external.replace(104, 16, "DATA\0\0\0\5/data\0\0\0"s);
    struct Case {
        std::string bytes, declared, what;
    };
    const std::vector<Case> cases = {
        {backed, "qcow2", "this qcow2 image has the backing file /etc/hose; "},
        {backed, "", "this qcow2 image has the backing file /etc/hose; "},
        {external, "qcow2", "this qcow2 image has the external data file /data; "},
        {"# Disk DescriptorFile\nRW 1 FLAT \"x-flat.vmdk\" 0\n", "vmdk",
         "this vmdk image has the extent x-flat.vmdk; "},
    };
    for (const auto& c : cases) {
        const Error error = error_of([&] { export_bytes(c.bytes, c.declared); });
        EXPECT_EQ(error.kind(), ErrorKind::unsupported);
        EXPECT_EQ(error.what(),
                  path_ + ": " + c.what + "only an image that stands alone can be published");
    }
}

TEST_F(FsExporterTest, HeaderThatPointsNowhere) {
    std::string hostile = qcow2();
    hostile.replace(8, 12, std::string(12, '\xff'));
    const Error error = error_of([&] { export_bytes(hostile, "qcow2"); });
    EXPECT_TRUE(std::string(error.what()).starts_with(path_ + ": ")) << error.what();
    EXPECT_NE(std::string(error.what()).find("backing file"), std::string::npos) << error.what();
}

// --- Sources that are none ---

TEST_F(FsExporterTest, SourceThatIsNoReadableFile) {
    fs::create_directory(dir_ / "folder");
    ASSERT_EQ(::mkfifo((dir_ / "fifo").c_str(), 0600), 0);
    struct Case {
        std::string path;
        ErrorKind kind;
        const char* reason;
    };
    const std::vector<Case> cases = {
        {dir_ / "missing", ErrorKind::not_found, "No such file or directory"},
        {dir_ / "folder", ErrorKind::bad_request, "neither a file nor a block device"},
        {dir_ / "fifo", ErrorKind::bad_request, "neither a file nor a block device"},
        {"/dev/zero", ErrorKind::bad_request, "neither a file nor a block device"},
        {"relative/image", ErrorKind::bad_request, "not an absolute path"},
        {"ceph-pool/one-3", ErrorKind::bad_request, "not an absolute path"},
    };
    for (const auto& c : cases) {
        const Error error = error_of([&] { export_image(c.path, "raw"); });
        EXPECT_EQ(error.kind(), c.kind) << c.path;
        EXPECT_EQ(error.what(), c.path + ": " + c.reason) << "the text begins with the path";
    }
}

TEST_F(FsExporterTest, UnreadableSource) {
    const test::BoundByRights bound;
    write_file(path_, "content");
    fs::permissions(path_, fs::perms::none);
    const Error error = error_of([&] { export_image(path_, "raw"); });
    EXPECT_EQ(error.kind(), ErrorKind::permission);
    EXPECT_EQ(error.what(), path_ + ": Permission denied");
}

TEST_F(FsExporterTest, MissingAttributeIsNamed) {
    for (const std::string name : {"SOURCE", "SIZE"}) {
        const Error error =
            error_of([&] { FsExporter(site_).export_image(without(name), context_); });
        EXPECT_EQ(error.kind(), ErrorKind::bad_request);
        EXPECT_EQ(error.what(), "Wrong driver message format: IMAGE/" + name + " is missing");
    }
}

}  // namespace
}  // namespace onemarket
