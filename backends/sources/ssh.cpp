// SPDX-License-Identifier: Apache-2.0
#include "backends/sources/ssh.h"

#include "backends/io/bridge_reader.h"
#include "backends/io/location.h"
#include "backends/io/sparse_reader.h"

namespace onemarket {

std::unique_ptr<Reader> SshSource::open(Context& context) {
    const std::string& name = facts().location;
    const Result<SshLocation> location = parse_ssh_location(name);
    // The host is told beside it. What was opened already may be of this host, and a path alone.
    const std::string& path = location ? location->path : name;
    if (!bridge_) {
        if (!location)
            throw Error(ErrorKind::bad_request, "source " + name + " " + location.reason());
        bridge_ = std::make_shared<Bridge>(ssh_settings(*site_), location->host, context);
        size_ = bridge_size(*bridge_, path, bridge_->ask("open", {path}));
    }
    return std::make_unique<SparseReader>(
        std::make_unique<BridgeReader>(bridge_, BridgeReader::Request::send, path, size_));
}

}  // namespace onemarket
