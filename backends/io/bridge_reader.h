// SPDX-License-Identifier: Apache-2.0
// An image as a bridge sends it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "backends/io/bridge.h"
#include "backends/io/stream.h"

namespace onemarket {

// Reads what the bridge has opened, once. All of its `size` bytes come, and those of a file as it
// was when it was opened, or an Error that begins with the host.
class BridgeReader : public Reader {
  public:
    // How the bridge sends it.
    enum class Request { send, export_rbd };

    // Asks for the bytes. `name` is the image's in errors.
    BridgeReader(std::shared_ptr<Bridge> bridge, Request request, std::string name, uint64_t size);
    // The conversation ends where bytes are left.
    ~BridgeReader() override;
    BridgeReader(const BridgeReader&) = delete;
    BridgeReader& operator=(const BridgeReader&) = delete;

    Piece read(std::span<std::byte> buffer, Context& context) override;
    std::optional<uint64_t> length() const override { return size_; }

  private:
    void finish();
    [[noreturn]] void corrupt(const std::string& what) const;

    std::shared_ptr<Bridge> bridge_;
    Request request_;
    std::string name_;
    uint64_t size_;
    uint64_t left_;
    bool finished_ = false;
};

// The size a bridge's reply says. Throws Error (corrupt) where it is none.
uint64_t bridge_size(const Bridge& bridge, const std::string& name, std::string_view reply);

}  // namespace onemarket
