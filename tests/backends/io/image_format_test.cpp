// SPDX-License-Identifier: Apache-2.0
#include "backends/io/image_format.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "tests/backends/helpers.h"

namespace onemarket {

bool operator==(const ImageFormat& a, const ImageFormat& b) {
    return a.name == b.name && a.other_file == b.other_file &&
           a.other_file_role == b.other_file_role;
}

void PrintTo(const ImageFormat& format, std::ostream* out) {
    *out << format.name << " with " << format.other_file_role << " '" << format.other_file << "'";
}

namespace {

using std::string_literals::operator""s;
using test::TempDir;
using test::write_file;

ImageFormat probe(std::string_view image) {
    return probe_image_format([&](uint64_t offset, std::span<std::byte> buffer) -> size_t {
        if (offset >= image.size()) return 0;
        const size_t size = std::min<uint64_t>(buffer.size(), image.size() - offset);
        std::copy_n(reinterpret_cast<const std::byte*>(image.data()) + offset, size,
                    buffer.begin());
        return size;
    });
}

ImageFormat probe_file(const std::string& path) {
    return probe(test::read_file(path));
}

// --- Images by hand ---

std::string big(uint64_t value, int size) {
    std::string bytes;
    for (int i = size - 1; i >= 0; --i) bytes += static_cast<char>(value >> (8 * i));
    return bytes;
}
std::string little(uint64_t value, int size) {
    std::string bytes = big(value, size);
    std::reverse(bytes.begin(), bytes.end());
    return bytes;
}

std::string& put(std::string& image, size_t at, std::string_view bytes) {
    if (image.size() < at + bytes.size()) image.resize(at + bytes.size());
    return image.replace(at, bytes.size(), bytes);
}

std::string qcow2(uint32_t version, uint64_t backing_offset = 0, uint32_t backing_size = 0) {
    std::string image = "QFI\xfb" + big(version, 4) + big(backing_offset, 8) + big(backing_size, 4);
    put(image, 20, big(16, 4));  // 64 KiB clusters
    put(image, 100, big(104, 4));
    image.resize(64 << 10);
    return image;
}

std::string vmdk(uint64_t capacity, uint64_t descriptor_sector, std::string_view text,
                 std::string_view magic = "KDMV") {
    std::string image = std::string(magic) + little(1, 4) + little(3, 4) + little(capacity, 8) +
                        little(128, 8) + little(descriptor_sector, 8) + little(20, 8) +
                        little(512, 4) + little(21, 8) + little(26, 8) + little(128, 8);
    put(image, 512, text);
    image.resize(128 << 10);
    return image;
}

std::string descriptor(std::string_view lines) {
    return "# Disk DescriptorFile\nversion=1\nCID=12345678\nparentCID=ffffffff\n"
           "createType=\"monolithicFlat\"\n" +
           std::string(lines);
}

// --- Images by qemu-img ---

// The output of a command; nothing when it failed.
std::optional<std::string> output_of(const std::string& command) {
    FILE* pipe = ::popen((command + " 2>/dev/null").c_str(), "r");
    std::string output;
    std::array<char, 4096> buffer{};
    while (const size_t got = std::fread(buffer.data(), 1, buffer.size(), pipe))
        output.append(buffer.data(), got);
    if (::pclose(pipe) != 0) return std::nullopt;
    return output;
}

bool has_qemu_img() {
    return output_of("qemu-img --version").has_value();
}

// A text attribute of the image itself (the outermost object) in `qemu-img info --output=json`.
std::string info_attribute(const std::string& json, const std::string& name) {
    const std::string mark = "\n    \"" + name + "\": \"";
    const size_t at = json.find(mark);
    if (at == std::string::npos) return "";
    const size_t begin = at + mark.size();
    return json.substr(begin, json.find('"', begin) - begin);
}

std::string qemu_info(const std::string& path) {
    return output_of("qemu-img info --output=json '" + path + "'").value_or("");
}

struct RealCase {
    const char* name;
    const char* create;      // arguments of qemu-img create; $D is the folder
    const char* other_file;  // what else it needs, in that folder; "" for none
    const char* role;
    const char* prepare = "true";
};

void PrintTo(const RealCase& c, std::ostream* out) {
    *out << c.name;
}

class RealImage : public testing::TestWithParam<RealCase> {};

// Every format qemu-img makes has the name `qemu-img info` gives it, and stands alone exactly when
// it needs no other file.
TEST_P(RealImage, IsNamedAsQemuImgNamesIt) {
    if (!has_qemu_img()) GTEST_SKIP() << "qemu-img is missing: real images were NOT looked at";
    const RealCase& c = GetParam();
    const TempDir dir;
    const std::string in_dir = "D='" + dir.path().string() + "'; ";
    ASSERT_TRUE(output_of(in_dir + "qemu-img create -f qcow2 $D/base.qcow2 4M"));
    ASSERT_TRUE(output_of(in_dir + "qemu-img create -f raw $D/base.raw 4M"));
    if (!output_of(in_dir + c.prepare))
        GTEST_SKIP() << "this qemu-img cannot prepare for " << c.name << ": it was NOT looked at";
    if (!output_of(in_dir + "qemu-img create " + c.create))
        GTEST_SKIP() << "this qemu-img makes no " << c.name << ": it was NOT looked at";

    const std::string info = qemu_info(dir / "image");
    ASSERT_NE(info, "");
    const ImageFormat found = probe_file(dir / "image");
    EXPECT_EQ(found.name, info_attribute(info, "format"));
    const std::string other = *c.other_file == '\0' ? "" : dir / c.other_file;
    EXPECT_EQ(found.other_file, other);
    EXPECT_EQ(found.other_file_role, c.role);
    if (found.other_file_role == "backing file")
        EXPECT_EQ(found.other_file, info_attribute(info, "backing-filename"));
    else
        EXPECT_EQ(info_attribute(info, "backing-filename"), "");
}

INSTANTIATE_TEST_SUITE_P(
    , RealImage,
    testing::Values(
        RealCase{"raw", "-f raw $D/image 4M", "", ""},
        RealCase{"raw_empty", "-f raw $D/image 0", "", ""},
        RealCase{"qcow2_version_2", "-f qcow2 -o compat=0.10 $D/image 4M", "", ""},
        RealCase{"qcow2_version_3", "-f qcow2 -o compat=1.1 $D/image 4M", "", ""},
        RealCase{"qcow2_small_clusters", "-f qcow2 -o cluster_size=512 $D/image 4M", "", ""},
        RealCase{"qcow2_zstd", "-f qcow2 -o compression_type=zstd $D/image 4M", "", ""},
        RealCase{"qcow2_backed_version_2",
                 "-f qcow2 -o compat=0.10 -b $D/base.qcow2 -F qcow2 $D/image", "base.qcow2",
                 "backing file"},
        RealCase{"qcow2_backed_version_3", "-f qcow2 -b $D/base.raw -F raw $D/image", "base.raw",
                 "backing file"},
        RealCase{"qcow2_data_file", "-f qcow2 -o data_file=$D/data $D/image 4M", "data",
                 "external data file"},
        RealCase{"qcow2_raw_data_file",
                 "-f qcow2 -o data_file=$D/data,data_file_raw=on $D/image 4M", "data",
                 "external data file"},
        RealCase{"qcow", "-f qcow $D/image 4M", "", ""},
        RealCase{"qcow_backed", "-u -f qcow -b $D/base.raw -F raw $D/image 4M", "base.raw",
                 "backing file"},
        RealCase{"qed", "-f qed $D/image 4M", "", ""},
        RealCase{"qed_backed", "-f qed -b $D/base.raw -F raw $D/image", "base.raw", "backing file"},
        RealCase{"vmdk_monolithicSparse", "-f vmdk -o subformat=monolithicSparse $D/image 4M", "",
                 ""},
        RealCase{"vmdk_streamOptimized", "-f vmdk -o subformat=streamOptimized $D/image 4M", "",
                 ""},
        RealCase{"vmdk_backed", "-f vmdk -b $D/base.vmdk -F vmdk $D/image", "base.vmdk",
                 "backing file", "qemu-img create -f vmdk $D/base.vmdk 4M"},
        RealCase{"vdi", "-f vdi $D/image 4M", "", ""},
        RealCase{"vdi_static", "-f vdi -o static=on $D/image 4M", "", ""},
        RealCase{"vpc_dynamic", "-f vpc -o subformat=dynamic $D/image 4M", "", ""},
        // Its only mark is at its end, where nobody probes.
        RealCase{"vpc_fixed", "-f vpc -o subformat=fixed $D/image 4M", "", ""},
        RealCase{"vhdx", "-f vhdx $D/image 4M", "", ""},
        RealCase{"vhdx_fixed", "-f vhdx -o subformat=fixed $D/image 4M", "", ""},
        RealCase{"luks",
                 "--object secret,id=s,data=x -f luks -o key-secret=s,iter-time=10 $D/image 4M", "",
                 ""},
        RealCase{"parallels", "-f parallels $D/image 4M", "", ""}),
    test::case_name<RealCase>);

// A flat or split VMDK is a descriptor that names its extents by their base names.
TEST(RealVmdk, DescriptorNeedsItsExtents) {
    if (!has_qemu_img()) GTEST_SKIP() << "qemu-img is missing: real images were NOT looked at";
    for (const std::string kind :
         {"monolithicFlat", "twoGbMaxExtentSparse", "twoGbMaxExtentFlat"}) {
        const TempDir dir;
        const std::string path = dir / "image.vmdk";
        if (!output_of("qemu-img create -f vmdk -o subformat=" + kind + " '" + path + "' 4M"))
            GTEST_SKIP() << "this qemu-img makes no VMDK: it was NOT looked at";
        const ImageFormat found = probe_file(path);
        EXPECT_EQ(found.name, info_attribute(qemu_info(path), "format")) << kind;
        EXPECT_EQ(found.other_file_role, "extent") << kind;
        EXPECT_TRUE(std::filesystem::exists(dir / found.other_file)) << kind << found.other_file;
        // The extent of a sparse one is a VMDK that could be had alone.
        const auto files = test::list(dir.path());
        EXPECT_EQ(files.size(), 2U);
    }
}

// --- Not quite images ---

TEST(ImageFormat, TooShortToTellIsRaw) {
    for (const std::string& bytes : {""s, "\0"s, "Q"s, "QFI"s, "QED"s, "KDM"s, "conecti"s,
                                     "vhdxfil"s, "LUKS"s, "WithoutFreeSpac"s, "# Disk"s})
        EXPECT_EQ(probe(bytes).name, "raw") << bytes;
}

TEST(ImageFormat, GarbageIsRaw) {
    for (unsigned seed = 1; seed <= 50; ++seed)
        EXPECT_EQ(probe(test::noise(100'000, seed)).name, "raw") << seed;
    EXPECT_EQ(probe(std::string(100'000, '\0')).name, "raw");
    EXPECT_EQ(probe(std::string(100'000, '\n')).name, "raw");
    EXPECT_EQ(probe(std::string(100'000, '#')).name, "raw");
    EXPECT_EQ(probe("text\nversion=1\nCID=1\n").name, "raw") << "not in the first line";
}

// Cut anywhere, a header must not crash the probe, nor make two files of one.
TEST(ImageFormat, TruncatedHeaders) {
    std::string qed = "QED\0"s + std::string(12, '\0') + little(1, 8);
    put(qed, 56, little(64, 4) + little(4, 4) + "base");
    std::string external = qcow2(3);
    put(external, 72, big(4, 8));
    put(external, 104, big(0x44415441, 4) + big(4, 4) + "data");
    std::string backed = qcow2(3, 112, 4);
    put(backed, 112, "base");
    const std::vector<std::string> images = {
        backed,
        external,
        qcow2(2),
        qed,
        vmdk(2048, 1, "parentFileNameHint=\"base\"\n"),
        descriptor("RW 128 FLAT \"x\" 0\n"),
    };
    for (const std::string& image : images) {
        for (size_t size = 0; size <= std::min<size_t>(image.size(), 1100); ++size)
            probe(std::string_view(image).substr(0, size));
    }
    // Its name is not there any more, but the need for it is.
    EXPECT_EQ(probe(backed.substr(0, 100)), (ImageFormat{"qcow2", "(not named)", "backing file"}));
    EXPECT_EQ(probe(external.substr(0, 100)),
              (ImageFormat{"qcow2", "(not named)", "external data file"}));
    EXPECT_EQ(probe(qed.substr(0, 60)), (ImageFormat{"qed", "(not named)", "backing file"}));
}

TEST(ImageFormat, HostileOffsets) {
    constexpr uint64_t far = ~uint64_t{0};
    for (const uint64_t offset : {uint64_t{1} << 40, uint64_t{1} << 63, far, far - 7}) {
        for (const uint32_t size : {0U, 1U, 1023U, 0xffffffffU}) {
            EXPECT_EQ(probe(qcow2(3, offset, size)),
                      (ImageFormat{"qcow2", "(not named)", "backing file"}));
            EXPECT_EQ(probe(qcow2(1, offset, size)),
                      (ImageFormat{"qcow", "(not named)", "backing file"}));
        }
    }
    std::string qed = "QED\0"s + std::string(12, '\0') + little(1, 8);
    put(qed, 56, little(0xffffffff, 4) + little(0xffffffff, 4));
    EXPECT_EQ(probe(qed), (ImageFormat{"qed", "(not named)", "backing file"}));

    // Header extensions that lead out of the header, backwards or round in circles.
    for (const uint32_t header_length : {0U, 104U, 0xfffffff8U, 0xffffffffU}) {
        for (const uint32_t length : {0U, 0xfffffff8U, 0xffffffffU, 0x7fffffffU}) {
            std::string image = qcow2(3);
            put(image, 72, big(4, 8));
            put(image, 100, big(header_length, 4) + big(0x12345678, 4) + big(length, 4));
            EXPECT_EQ(probe(image).other_file_role, "external data file");
        }
    }
    for (const uint64_t sector : {uint64_t{1} << 40, uint64_t{1} << 55, far})
        EXPECT_EQ(probe(vmdk(2048, sector, "")).name, "vmdk");
}

TEST(ImageFormat, NamesOfOtherFilesAreOneBoundedLine) {
    std::string image = qcow2(3, 1024, 1023);
    put(image, 1024, std::string(1023, 'n'));
    EXPECT_EQ(probe(image).other_file, std::string(1023, 'n'));

    const std::string odd = "/a\nIMPORT SUCCESS 5 -\r\n\x1b[31m\xff";
    image = qcow2(3, 1024, static_cast<uint32_t>(odd.size()));
    put(image, 1024, odd);
    EXPECT_EQ(probe(image).other_file, "/a IMPORT SUCCESS 5 - [31m\uFFFD");

    image = qcow2(3, 1024, 60'000);
    put(image, 1024, std::string(60'000, 'n'));
    EXPECT_LE(probe(image).other_file.size(), 1024U);
}

TEST(ImageFormat, DataFileAmongOtherExtensions) {
    std::string image = qcow2(3);
    put(image, 72, big(4, 8));
    put(image, 104, big(0xe2792aca, 4) + big(3, 4) + "raw\0\0\0\0\0"s);  // padded to 8
    put(image, 120, big(0x44415441, 4) + big(7, 4) + "/a/data"s);
    EXPECT_EQ(probe(image), (ImageFormat{"qcow2", "/a/data", "external data file"}));
}

TEST(ImageFormat, LaterVersionsOfQcow2AreQcow2) {
    EXPECT_EQ(probe(qcow2(4)).name, "qcow2");
    std::string image = qcow2(4);
    put(image, 72, big(4, 8));
    EXPECT_EQ(probe(image).other_file_role, "external data file");
    // The bit means nothing in version 2, whose header is shorter.
    image = qcow2(2);
    put(image, 72, big(4, 8));
    EXPECT_EQ(probe(image).other_file_role, "");
}

TEST(ImageFormat, DifferencingVhdAndVdiNeedTheirParent) {
    std::string vhd = "conectix"s + std::string(504, '\0');
    EXPECT_EQ(probe(vhd), (ImageFormat{"vpc", "", ""}));
    put(vhd, 60, big(4, 4));
    EXPECT_EQ(probe(vhd), (ImageFormat{"vpc", "(not named)", "backing file"}));
    std::string vdi(512, '\0');
    put(vdi, 0x40, "\x7f\x10\xda\xbe");
    EXPECT_EQ(probe(vdi), (ImageFormat{"vdi", "", ""}));
    put(vdi, 0x4c, little(4, 4));
    EXPECT_EQ(probe(vdi), (ImageFormat{"vdi", "(not named)", "backing file"}));
}

TEST(ImageFormat, DescriptorOfVmdkBehindCommentsAndBlankLines) {
    EXPECT_EQ(probe("# a\n\n  \r\n# b\r\nversion=1\nRW 1 FLAT \"x\" 0\n"),
              (ImageFormat{"vmdk", "x", "extent"}));
}

TEST(ImageFormat, ReadsNoMoreThan64KiB) {
    uint64_t bytes = 0;
    const auto count = [&](uint64_t, std::span<std::byte> buffer) {
        bytes = std::max<uint64_t>(bytes, buffer.size());
        std::fill(buffer.begin(), buffer.end(), std::byte{'#'});
        return buffer.size();
    };
    probe_image_format(count);
    EXPECT_LE(bytes, uint64_t{64} << 10);
}

TEST(ImageFormat, FailedReadIsTheCallersError) {
    const auto fail = [](uint64_t, std::span<std::byte>) -> size_t {
        throw Error(ErrorKind::unavailable, "no disk");
    };
    EXPECT_STREQ(test::error_of([&] { probe_image_format(fail); }).what(), "no disk");
}

// --- What may be published ---

TEST(PublishingFault, FormatThatIsConfirmedAndStandsAlone) {
    for (const char* name : {"raw", "qcow2", "vmdk", "vpc", "luks"}) {
        EXPECT_EQ(publishing_fault(name, {name, "", ""}), "");
        EXPECT_EQ(publishing_fault("", {name, "", ""}), "");
    }
    EXPECT_EQ(publishing_fault("vhd", {"vpc", "", ""}), "") << "its other name";
    EXPECT_EQ(publishing_fault("raw", {"luks", "", ""}), "") << "encrypted by its guest";
}

TEST(PublishingFault, FormatThatIsDeniedNamesBoth) {
    EXPECT_EQ(publishing_fault("raw", {"qcow2", "", ""}),
              "the datastore says its format is raw, its bytes say qcow2");
    EXPECT_NE(publishing_fault("luks", {"raw", "", ""}), "") << "not the other way round";
    EXPECT_NE(publishing_fault("vpc", {"raw", "", ""}), "");
}

TEST(PublishingFault, OtherFileIsNamed) {
    for (const char* declared : {"", "qcow2"})
        EXPECT_EQ(publishing_fault(declared, {"qcow2", "/etc/shadow", "backing file"}),
                  "this qcow2 image has the backing file /etc/shadow; "
                  "only an image that stands alone can be published");
}

// --- Headers a tenant would write ---

struct HostileCase {
    const char* name;
    std::string image;  // "/the/other" stands for a file of somebody else
};

void PrintTo(const HostileCase& c, std::ostream* out) {
    *out << c.name;
}

const std::string kHint = "parentFileNameHint=\"/the/other\"\n";
const std::string kFlat = "RW 128 FLAT \"/the/other\" 0\n";

std::vector<HostileCase> hostile_cases() {
    const auto behind = [](size_t comment) {
        return descriptor("#" + std::string(comment, '-') + "\n" + kFlat);
    };
    return {
        {"vmdk_extent", descriptor(kFlat)},
        {"vmdk_extent_behind_blanks", descriptor("  " + kFlat)},
        {"vmdk_extent_behind_a_tab", descriptor("\t" + kFlat)},
        {"vmdk_extent_with_tabs", descriptor("RW\t128\tFLAT\t\"/the/other\"\t0\n")},
        {"vmdk_extent_far_below", behind(5'000)},
        {"vmdk_extent_behind_64_KiB", behind(70'000)},
        {"vmdk_extent_behind_another_comment",
         "# A disk\nversion=1\nCID=1\nparentCID=ffffffff\ncreateType=\"monolithicFlat\"\n" + kFlat},
        {"vmdk_extent_behind_a_comment_with_a_carriage_return",
         "# x\rnot a comment to everyone\nversion=1\nCID=1\nparentCID=ffffffff\n"
         "createType=\"monolithicFlat\"\n" +
             kFlat},
        {"vmdk_capacity_0_with_an_extent", vmdk(0, 1, descriptor(kFlat))},
        {"vmdk_parent", vmdk(2048, 1, descriptor(kHint))},
        {"vmdk_parent_behind_a_blank", vmdk(2048, 1, descriptor(" " + kHint))},
        {"vmdk_parent_behind_another_word", vmdk(2048, 1, descriptor("x=1 " + kHint))},
        {"vmdk_parent_where_the_header_has_no_descriptor", vmdk(2048, 0, descriptor(kHint))},
        {"vmdk_parent_where_the_header_points_elsewhere", vmdk(2048, 60, descriptor(kHint))},
        {"vmdk_parent_in_a_cowd", vmdk(0, 1, descriptor(kHint), "COWD")},
    };
}

class HostileImage : public testing::TestWithParam<HostileCase> {};

// Published, each of these would hand its reader the other file: QEMU opens it.
TEST_P(HostileImage, DoesNotStandAlone) {
    const ImageFormat found = probe(GetParam().image);
    EXPECT_EQ(found.name, "vmdk");
    EXPECT_NE(found.other_file, "") << "taken for an image that stands alone";
}

// The proof that QEMU does: what keeps the cases above from being fantasies.
TEST_P(HostileImage, IsNoFantasy) {
    if (!has_qemu_img()) GTEST_SKIP() << "qemu-img is missing: QEMU was NOT asked";
    const TempDir dir;
    write_file(dir / "other", std::string(64 << 10, 's'));
    std::string image = GetParam().image;
    const std::string mark = "\"/the/other\"";
    const size_t at = image.find(mark);
    ASSERT_NE(at, std::string::npos);
    image.replace(at, mark.size(), "\"" + (dir / "other") + "\"");
    write_file(dir / "image", image);
    if (info_attribute(qemu_info(dir / "image"), "format") != "vmdk")
        GTEST_SKIP() << "this qemu-img does not open it: QEMU was NOT asked";
    EXPECT_NE(qemu_info(dir / "image").find(dir / "other"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(, HostileImage, testing::ValuesIn(hostile_cases()),
                         test::case_name<HostileCase>);

// Headers that look like a format but are none to `qemu-img info`.
TEST(ImageFormat, AgreesWithQemuImgOnLookAlikes) {
    if (!has_qemu_img()) GTEST_SKIP() << "qemu-img is missing: QEMU was NOT asked";
    const std::vector<std::pair<const char*, std::string>> cases = {
        {"qcow2 of version 0", qcow2(0)},
        {"LUKS version 2", "LUKS\xba\xbe"s + big(2, 2)},
        {"parallels of version 3", "WithoutFreeSpace" + little(3, 4)},
        {"a text that begins with version", "version=1.2.3 of my notes\n"},
        {"qed", "QED\0"s},
        {"vdi", std::string(0x40, ' ') + "\x7f\x10\xda\xbe"},
    };
    for (const auto& [what, header] : cases) {
        const TempDir dir;
        std::string image = header;
        image.resize(1 << 20);
        write_file(dir / "image", image);
        const std::string expected = info_attribute(qemu_info(dir / "image"), "format");
        // Empty: QEMU takes it for a format and finds it broken; then the name does not matter.
        if (expected.empty()) continue;
        EXPECT_EQ(probe_file(dir / "image").name, expected) << what;
    }
}

}  // namespace

}  // namespace onemarket
