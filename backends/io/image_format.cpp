// SPDX-License-Identifier: Apache-2.0
#include "backends/io/image_format.h"

#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

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

    std::string_view text() const {
        return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
    }

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

// A VMDK's descriptor is text; its extents and its parent are other files.
ImageFormat probe_vmdk_descriptor(std::string_view descriptor, bool embedded) {
    for (const std::string_view line : ascii::split(descriptor, "\r\n")) {
        const size_t quote = line.find('"');
        const std::string_view quoted =
            quote == std::string_view::npos
                ? std::string_view{}
                : line.substr(quote + 1, line.find('"', quote + 1) - quote - 1);
        if (line.starts_with("parentFileNameHint"))
            return with_other_file("vmdk", "backing file", one_line(quoted));
        const bool extent = line.starts_with("RW ") || line.starts_with("RDONLY ");
        if (extent && !embedded) return with_other_file("vmdk", "extent", one_line(quoted));
    }
    return {"vmdk", "", ""};
}

ImageFormat probe_vmdk(const Header& header) {
    constexpr uint64_t sector = 512;
    if (header.starts_with("COWD")) return {"vmdk", "", ""};
    const uint64_t offset = header.little(28, 8) * sector;
    const uint64_t size = header.little(36, 8) * sector;
    if (offset == 0) return {"vmdk", "", ""};
    return probe_vmdk_descriptor(header.raw_at(offset, size), /*embedded=*/true);
}

// Comments and blank lines may stand before the line that marks a VMDK descriptor file.
bool is_vmdk_descriptor(const Header& header) {
    for (const std::string_view line : ascii::split(header.text().substr(0, 2048), "\r\n")) {
        const std::string_view text = ascii::trim(line);
        if (text.starts_with("# Disk DescriptorFile")) return true;
        if (text.starts_with("version=") || text.starts_with("version =")) return true;
        if (!text.empty() && text.front() != '#') return false;
    }
    return false;
}

ImageFormat probe_vpc(const Header& header) {
    constexpr uint64_t differencing = 4;
    if (header.big(60, 4) == differencing)
        return with_other_file("vpc", "backing file", "");
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
        return header.big(4, 4) == 1 ? probe_qcow(header) : probe_qcow2(header);
    }
    if (header.starts_with(std::string_view("QED\0", 4))) return probe_qed(header);
    if (header.starts_with("KDMV") || header.starts_with("COWD")) return probe_vmdk(header);
    if (header.starts_with("conectix")) return probe_vpc(header);
    if (header.starts_with("vhdxfile")) return {"vhdx", "", ""};
    if (header.starts_with("\x7f\x10\xda\xbe", 0x40)) return probe_vdi(header);
    if (header.starts_with("LUKS\xba\xbe")) return {"luks", "", ""};
    if (header.starts_with("WithoutFreeSpace") || header.starts_with("WithouFreSpacExt"))
        return {"parallels", "", ""};
    if (is_vmdk_descriptor(header)) return probe_vmdk_descriptor(header.text(), false);
    return {};
}

}  // namespace onemarket
