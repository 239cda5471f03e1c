// SPDX-License-Identifier: Apache-2.0
#include "backends/io/image_format.h"

#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "backends/io/stream.h"
#include "protocol/ascii.h"
#include "protocol/reply.h"

namespace onemarket {
namespace {

constexpr size_t kHeaderBytes = size_t{64} << 10;
constexpr size_t kMaxNameBytes = 1024;  // qcow2 and qed bound the backing file's name to this

// The first bytes of an image, with reads past the end giving zeros.
class Header {
  public:
    explicit Header(const ReadAt& read_at) : read_at_(read_at), bytes_(kHeaderBytes) {
        bytes_.resize(read_at(0, bytes_));
    }

    bool starts_with(std::string_view magic, size_t offset = 0) const {
        return offset + magic.size() <= bytes_.size() &&
               std::memcmp(bytes_.data() + offset, magic.data(), magic.size()) == 0;
    }

    uint64_t big(size_t offset, size_t size) const { return number(offset, size, true); }
    uint64_t little(size_t offset, size_t size) const { return number(offset, size, false); }

    std::string_view text() const { return as_text(bytes_); }

    // Text elsewhere in the image, at most kMaxNameBytes, made printable.
    std::string text_at(uint64_t offset, uint64_t size) const {
        return one_line(raw_at(offset, std::min<uint64_t>(size, kMaxNameBytes)));
    }

    std::string raw_at(uint64_t offset, uint64_t size) const {
        std::string text(std::min<uint64_t>(size, kHeaderBytes), '\0');
        text.resize(read_at_(offset, std::as_writable_bytes(std::span(text))));
        return text;
    }

  private:
    uint64_t number(size_t offset, size_t size, bool big_endian) const {
        uint64_t value = 0;
        for (size_t i = 0; i < size; ++i) {
            const size_t at = offset + (big_endian ? i : size - 1 - i);
            value = value << 8 | (at < bytes_.size() ? std::to_integer<uint64_t>(bytes_[at]) : 0);
        }
        return value;
    }

    const ReadAt& read_at_;
    std::vector<std::byte> bytes_;
};

ImageFormat with_other_file(std::string format, std::string role, std::string name) {
    // A header that promises another file but hides its name still needs it.
    if (name.empty()) name = "(not named)";
    return {std::move(format), std::move(name), std::move(role)};
}

ImageFormat probe_qcow2(const Header& header) {
    constexpr uint64_t external_data_bit = 1 << 2;
    constexpr uint64_t data_file_name = 0x44415441;  // header extension "DATA"
    if (const uint64_t offset = header.big(8, 8); offset != 0)
        return with_other_file("qcow2", "backing file", header.text_at(offset, header.big(16, 4)));
    const bool version_3 = header.big(4, 4) >= 3;
    if (!version_3 || (header.big(72, 8) & external_data_bit) == 0) return {"qcow2", "", ""};

    std::string name;
    for (uint64_t at = header.big(100, 4); at + 8 <= kHeaderBytes;) {
        const uint64_t type = header.big(at, 4);
        const uint64_t length = header.big(at + 4, 4);
        if (type == 0) break;
        if (type == data_file_name) name = header.text_at(at + 8, length);
        at += 8 + (length + 7) / 8 * 8;
    }
    return with_other_file("qcow2", "external data file", name);
}

ImageFormat probe_qcow(const Header& header) {
    if (const uint64_t offset = header.big(8, 8); offset != 0)
        return with_other_file("qcow", "backing file", header.text_at(offset, header.big(16, 4)));
    return {"qcow", "", ""};
}

ImageFormat probe_qed(const Header& header) {
    constexpr uint64_t backing_bit = 1;
    if ((header.little(16, 8) & backing_bit) != 0)
        return with_other_file("qed", "backing file",
                               header.text_at(header.little(56, 4), header.little(60, 4)));
    return {"qed", "", ""};
}

constexpr size_t kSector = 512;

// The text between the quotes that follow `word`, on the same line; empty when there is none.
std::string quoted_after(std::string_view text, std::string_view word) {
    const size_t at = text.find(word);
    if (at == std::string_view::npos) return "";
    const std::string_view line = text.substr(at, text.substr(at).find_first_of("\r\n"));
    const size_t begin = line.find('"');
    if (begin == std::string_view::npos) return "";
    return one_line(line.substr(begin + 1, line.substr(begin + 1).find('"')));
}

// A VMDK names its parent and its extents in a text, the descriptor. Readers do not agree on where
// it is (QEMU looks for the parent in the second sector, whatever the header says), so all that is
// read here is searched, and what looks like a name of another file counts.
ImageFormat probe_vmdk(const Header& header) {
    constexpr std::string_view parent = "parentFileNameHint";
    const std::string descriptor = header.raw_at(header.little(28, 8) * kSector, kHeaderBytes);
    for (const std::string_view text : {header.text(), std::string_view(descriptor)})
        if (text.find(parent) != std::string_view::npos)
            return with_other_file("vmdk", "backing file", quoted_after(text, parent));
    // Without a capacity the header is only the place of a descriptor, and that of extents.
    const bool sparse = header.starts_with("KDMV");
    if (sparse && header.little(12, 8) == 0)
        return with_other_file("vmdk", "extent", quoted_after(descriptor, "RW"));
    return {"vmdk", "", ""};
}

// A descriptor alone: all its bytes are elsewhere.
ImageFormat probe_vmdk_descriptor(const Header& header) {
    const std::string backing = quoted_after(header.text(), "parentFileNameHint");
    if (!backing.empty()) return with_other_file("vmdk", "backing file", backing);
    std::string extent = quoted_after(header.text(), "RW");
    if (extent.empty()) extent = quoted_after(header.text(), "RDONLY");
    return with_other_file("vmdk", "extent", extent);
}

// Comments and blank lines may stand before the line that marks a VMDK descriptor.
bool is_vmdk_descriptor(const Header& header) {
    for (const std::string_view line : ascii::split(header.text().substr(0, 4096), "\n")) {
        std::string text(ascii::trim(line));
        if (text.starts_with("# Disk DescriptorFile")) return true;
        std::erase(text, ' ');
        if (text == "version=1" || text == "version=2" || text == "version=3") return true;
        if (!text.empty() && text.front() != '#') return false;
    }
    return false;
}

ImageFormat probe_vpc(const Header& header) {
    constexpr uint64_t differencing = 4;
    if (header.big(60, 4) == differencing) return with_other_file("vpc", "backing file", "");
    return {"vpc", "", ""};
}

ImageFormat probe_vdi(const Header& header) {
    constexpr uint64_t differencing = 4;
    if (header.little(0x4c, 4) == differencing) return with_other_file("vdi", "backing file", "");
    return {"vdi", "", ""};
}

}  // namespace

ImageFormat probe_image_format(const ReadAt& read_at) {
    const Header header(read_at);
    if (header.starts_with("QFI\xfb")) {
        const uint64_t version = header.big(4, 4);
        if (version == 1) return probe_qcow(header);
        if (version >= 2) return probe_qcow2(header);
    }
    if (header.starts_with(std::string_view("QED\0", 4))) return probe_qed(header);
    if (header.starts_with("KDMV") || header.starts_with("COWD")) return probe_vmdk(header);
    if (header.starts_with("conectix")) return probe_vpc(header);
    if (header.starts_with("vhdxfile")) return {"vhdx", "", ""};
    if (header.starts_with("\x7f\x10\xda\xbe", 0x40)) return probe_vdi(header);
    if (header.starts_with("LUKS\xba\xbe") && header.big(6, 2) == 1) return {"luks", "", ""};
    const bool parallels =
        header.starts_with("WithoutFreeSpace") || header.starts_with("WithouFreSpacExt");
    if (parallels && header.little(16, 4) == 2) return {"parallels", "", ""};
    if (is_vmdk_descriptor(header)) return probe_vmdk_descriptor(header);
    return {};
}

std::string publishing_fault(const std::string& declared, const ImageFormat& found) {
    const bool confirmed = declared.empty() || declared == found.name ||
                           (declared == "vhd" && found.name == "vpc") ||
                           (declared == "raw" && found.name == "luks");
    if (!confirmed)
        return "the datastore says its format is " + declared + ", its bytes say " + found.name;
    if (found.other_file.empty()) return "";
    return "this " + found.name + " image has the " + found.other_file_role + " " +
           found.other_file + "; only an image that stands alone can be published";
}

}  // namespace onemarket
