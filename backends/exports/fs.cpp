// SPDX-License-Identifier: Apache-2.0
#include "backends/exports/fs.h"

#include <cstring>

#include "backends/exports/datastore.h"
#include "backends/io/bridge_reader.h"
#include "backends/io/image_format.h"
#include "backends/io/location.h"
#include "backends/sources/file.h"
#include "backends/sources/ssh.h"
#include "protocol/ascii.h"
#include "protocol/base64.h"

namespace onemarket {
namespace {

std::string checked_format(const std::string& path, const std::string& declared,
                           const ReadAt& read_at) {
    const ImageFormat found = probe_image_format(read_at);
    const std::string fault = publishing_fault(declared, found);
    if (!fault.empty()) {
        const bool right_format = declared.empty() || declared == found.name;
        throw Error(right_format ? ErrorKind::unsupported : ErrorKind::corrupt,
                    path + ": " + fault);
    }
    return declared.empty() ? found.name : declared;
}

// Of what the bridge has open.
size_t read_at(Bridge& bridge, uint64_t size, uint64_t offset, std::span<std::byte> buffer) {
    if (offset >= size) return 0;  // a hostile header may point anywhere
    const std::string reply =
        bridge.ask("get " + std::to_string(offset) + " " + std::to_string(buffer.size()));
    const Result<std::string> bytes = base64_decode(reply);
    if (!bytes || bytes->size() > buffer.size())
        throw Error(ErrorKind::corrupt, bridge.host() + ": bytes that are no answer");
    std::memcpy(buffer.data(), bytes->data(), bytes->size());
    return bytes->size();
}

}  // namespace

std::unique_ptr<ImageSource> FsExporter::export_image(const DriverMessage& message,
                                                      Context& context) const {
    const std::string path = message.required("IMAGE/SOURCE");
    const std::string declared = ascii::to_lower(message.text("IMAGE/FORMAT").value_or(""));
    ImageFacts facts;
    facts.size_mb = message.required("IMAGE/SIZE");
    facts.format_must_hold = true;
    if (!path.starts_with('/'))
        throw Error(ErrorKind::bad_request, path + ": not an absolute path");

    if (message.datastore("BRIDGE_LIST")) {
        std::shared_ptr<Bridge> bridge = datastore_bridge(message, site_, context);
        const uint64_t size = bridge_size(*bridge, path, bridge->ask("open", {path}));
        facts.location = SshLocation{bridge->host(), path}.text();
        facts.format = checked_format(bridge->host() + ": " + path, declared,
                                      [&](uint64_t offset, std::span<std::byte> buffer) {
                                          return read_at(*bridge, size, offset, buffer);
                                      });
        return std::make_unique<SshSource>(std::move(facts), std::move(bridge), size);
    }
    auto reader = std::make_unique<FileReader>(path);
    facts.location = path;
    facts.format =
        checked_format(path, declared, [&](uint64_t offset, std::span<std::byte> buffer) {
            return reader->read_at(offset, buffer);
        });
    return std::make_unique<FileSource>(std::move(facts), std::move(reader));
}

}  // namespace onemarket
