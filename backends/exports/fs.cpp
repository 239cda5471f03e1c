// SPDX-License-Identifier: Apache-2.0
#include "backends/exports/fs.h"

#include "backends/io/image_format.h"
#include "backends/sources/file.h"
#include "protocol/ascii.h"

namespace onemarket {
namespace {

std::string checked_format(const std::string& path, const std::string& declared,
                           const FileReader& reader) {
    const ImageFormat found =
        probe_image_format([&reader](uint64_t offset, std::span<std::byte> buffer) {
            return reader.read_at(offset, buffer);
        });
    const std::string fault = publishing_fault(declared, found);
    if (!fault.empty()) {
        const bool right_format = declared.empty() || declared == found.name;
        throw Error(right_format ? ErrorKind::unsupported : ErrorKind::corrupt,
                    path + ": " + fault);
    }
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
    facts.format = checked_format(
        facts.location, ascii::to_lower(message.text("IMAGE/FORMAT").value_or("")), *reader);
    facts.format_confirmed = true;
    return std::make_unique<FileSource>(std::move(facts), std::move(reader));
}

}  // namespace onemarket
