// SPDX-License-Identifier: Apache-2.0
#include "backends/sources/rbd.h"

#include "backends/io/bridge_reader.h"
#include "backends/io/sparse_reader.h"

namespace onemarket {

uint64_t find_rbd(Bridge& bridge, const RbdLocation& location) {
    if (location.image.starts_with('-'))
        throw Error(ErrorKind::bad_request, "image " + location.image + " looks like an option");
    return bridge_size(
        bridge, location.image,
        bridge.ask("rbd", {location.image, location.user, location.keyfile, location.conf}));
}

std::unique_ptr<Reader> RbdSource::open(Context& context) {
    const std::string& name = facts().location;
    if (!bridge_) {
        const Result<RbdLocation> location = parse_rbd_location(name);
        if (!location)
            throw Error(ErrorKind::bad_request, "source " + name + " " + location.reason());
        bridge_ = std::make_shared<Bridge>(ssh_settings(*site_), location->host, context);
        size_ = find_rbd(*bridge_, *location);
    }
    return std::make_unique<SparseReader>(
        std::make_unique<BridgeReader>(bridge_, BridgeReader::Request::export_rbd, name, size_));
}

}  // namespace onemarket
