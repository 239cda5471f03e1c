// SPDX-License-Identifier: Apache-2.0
#include "backends/exports/fs.h"

#include "backends/io/image_format.h"
#include "backends/sources/file.h"
#include "protocol/ascii.h"

namespace onemarket {
namespace {

// IMAGE/FORMAT in qemu-img's words.
std::string declared_format(const DriverMessage& message) {
    std::string format = ascii::to_lower(message.text("IMAGE/FORMAT").value_or(""));
    return format == "vhd" ? "vpc" : format;
}

// A whole disk that its guest encrypted begins with a LUKS header; to its datastore it is raw.
bool confirms(const std::string& declared, const std::string& found) {
    return declared.empty() || declared == found || (declared == "raw" && found == "luks");
}

std::string checked_format(const std::string& path, const std::string& declared,
                           const FileReader& reader) {
    const ImageFormat found =
        probe_image_format([&reader](uint64_t offset, std::span<std::byte> buffer) {
            return reader.read_at(offset, buffer);
        });
    if (!confirms(declared, found.name))
        throw Error(ErrorKind::corrupt, path + ": the datastore says its format is " + declared +
                                            ", its bytes say " + found.name);
    if (!found.other_file.empty())
        throw Error(ErrorKind::unsupported,
                    path + ": this " + found.name + " image has the " + found.other_file_role +
                        " " + found.other_file +
                        "; only an image that stands alone can be published");
    return declared.empty() ? found.name : declared;
}

}  // namespace

bool FsExporter::serves(const DriverMessage& message) const {
    return !message.text("DATASTORE/TEMPLATE/BRIDGE_LIST");
}

std::unique_ptr<ImageSource> FsExporter::export_image(const DriverMessage& message,
                                                      Context&) const {
    ImageFacts facts;
    facts.location = message.required("IMAGE/SOURCE");
    facts.size_mb = message.required("IMAGE/SIZE");
    if (!facts.location.starts_with('/'))
        throw Error(ErrorKind::bad_request, facts.location + ": not an absolute path");
    auto reader = std::make_unique<FileReader>(facts.location);
    facts.format = checked_format(facts.location, declared_format(message), *reader);
    return std::make_unique<FileSource>(std::move(facts), std::move(reader));
}

}  // namespace onemarket
