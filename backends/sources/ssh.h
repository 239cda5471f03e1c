// SPDX-License-Identifier: Apache-2.0
// Source: a file or block device of another host, ssh://[user@]host:path.
#pragma once

#include <memory>

#include "backends/image_source.h"
#include "backends/io/bridge.h"
#include "backends/site.h"

namespace onemarket {

class SshSource : public ImageSource {
  public:
    // facts.location, connected to by open(): until then nothing fails. `site` must outlive this.
    SshSource(ImageFacts facts, const Site& site) : ImageSource(std::move(facts)), site_(&site) {}

    // What a bridge has open already, so that what was probed is what will be read. The
    // conversation lasts as long as this does: an activated volume stays so for others who read it.
    SshSource(ImageFacts facts, std::shared_ptr<Bridge> bridge, uint64_t size)
        : ImageSource(std::move(facts)), bridge_(std::move(bridge)), size_(size) {}

    std::unique_ptr<Reader> open(Context& context) override;

  private:
    const Site* site_ = nullptr;
    std::shared_ptr<Bridge> bridge_;
    uint64_t size_ = 0;
};

}  // namespace onemarket
