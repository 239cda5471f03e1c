// SPDX-License-Identifier: Apache-2.0
// Source: an image of a Ceph pool, exported on another host, rbd://[user@]host/pool/image?...
#pragma once

#include <memory>

#include "backends/image_source.h"
#include "backends/io/bridge.h"
#include "backends/io/location.h"
#include "backends/site.h"

namespace onemarket {

class RbdSource : public ImageSource {
  public:
    // facts.location, connected to by open(): until then nothing fails. `site` must outlive this.
    RbdSource(ImageFacts facts, const Site& site) : ImageSource(std::move(facts)), site_(&site) {}

    // What find_rbd() has found over that bridge.
    RbdSource(ImageFacts facts, std::shared_ptr<Bridge> bridge, uint64_t size)
        : ImageSource(std::move(facts)), bridge_(std::move(bridge)), size_(size) {}

    std::unique_ptr<Reader> open(Context& context) override;

  private:
    const Site* site_ = nullptr;
    std::shared_ptr<Bridge> bridge_;
    uint64_t size_ = 0;
};

// Has the bridge look for the image, and returns its size in bytes. Throws Error with the reason of
// `rbd`, or (bad_request) for an image that would be an option to it.
uint64_t find_rbd(Bridge& bridge, const RbdLocation& location);

}  // namespace onemarket
