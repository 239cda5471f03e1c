// SPDX-License-Identifier: Apache-2.0
// What a disk image's own header says it is.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>

namespace onemarket {

struct ImageFormat {
    // As `qemu-img info` names it: raw, qcow2, qcow, qed, vmdk, vdi, vpc, vhdx, luks, parallels.
    std::string name = "raw";
    // The other file this image needs to be whole (a backing file, an external data file, an
    // extent), as its header names it; empty when it stands alone. Whoever reads such an image
    // reads that file too, so a tenant could publish any file the driver's user can read.
    std::string other_file;
    std::string other_file_role;  // "backing file", "external data file" or "extent"
};

// Why an image of this format must not be published as `declared` (empty: as whatever it is); empty
// when it may. A whole disk that its guest encrypted begins with a LUKS header and is raw to its
// datastore: that alone is taken for raw.
std::string publishing_fault(const std::string& declared, const ImageFormat& found);

// Reads `buffer.size()` bytes at `offset`, fewer only at the end of the image; returns how many.
using ReadAt = std::function<size_t(uint64_t offset, std::span<std::byte> buffer)>;

// Looks at the header, never at more than 64 KiB. Sources: QEMU's docs/interop/qcow2.txt and
// qed_spec.txt, VMware's Virtual Disk Format 1.1, Microsoft's VHD and MS-VHDX specifications.
ImageFormat probe_image_format(const ReadAt& read_at);

}  // namespace onemarket
