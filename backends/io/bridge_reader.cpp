// SPDX-License-Identifier: Apache-2.0
#include "backends/io/bridge_reader.h"

#include <array>

#include "protocol/ascii.h"
#include "protocol/reply.h"

namespace onemarket {

BridgeReader::BridgeReader(std::shared_ptr<Bridge> bridge, Request request, std::string name,
                           uint64_t size)
    : bridge_(std::move(bridge)),
      request_(request),
      name_(std::move(name)),
      size_(size),
      left_(size) {
    bridge_->ask(request == Request::send ? "send " + std::to_string(size) : "export");
}

BridgeReader::~BridgeReader() {
    if (!finished_) bridge_->hang_up();
}

Piece BridgeReader::read(std::span<std::byte> buffer, Context&) {
    if (left_ == 0) {
        if (!finished_) finish();
        return {};
    }
    const size_t got = bridge_->read(buffer.first(std::min<uint64_t>(buffer.size(), left_)));
    if (got == 0)
        corrupt("ends after " + std::to_string(size_ - left_) + " of " + std::to_string(size_) +
                " bytes");
    left_ -= got;
    return {got, false};
}

// All bytes are here. The host must agree.
void BridgeReader::finish() {
    if (request_ == Request::send) {
        if (bridge_->confirm() == "changed") corrupt("it was written to while it was read");
    } else {
        std::array<std::byte, 1> more;
        if (bridge_->read(more) > 0) corrupt("has more than " + std::to_string(size_) + " bytes");
    }
    finished_ = true;
}

void BridgeReader::corrupt(const std::string& what) const {
    throw Error(ErrorKind::corrupt, bridge_->host() + ": " + name_ + ": " + what);
}

uint64_t bridge_size(const Bridge& bridge, const std::string& name, std::string_view reply) {
    const auto size = ascii::parse_number<uint64_t>(reply);
    if (!size)
        throw Error(ErrorKind::corrupt, bridge.host() + ": " + name + ": its size is said to be '" +
                                            one_line(reply, 100) + "'");
    return *size;
}

}  // namespace onemarket
