// SPDX-License-Identifier: Apache-2.0
// onemarketctl verify: every image of a marketplace read again.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "backends/inventory.h"
#include "daemon/ctl/market.h"

namespace onemarket {

// How verify() is heard.
struct VerifyOutput {
    std::function<void(std::string_view)> print;     // results, in lines
    std::function<void(std::string_view)> progress;  // what it does just now; may be empty
    bool json = false;
};

// Compares each image with what is noted of it, one at a time. `open` begins a conversation with
// the marketplace. Returns kFound where something is corrupt, lost, not this driver's or cannot be
// read. Throws Error.
int verify(const std::function<std::unique_ptr<Inventory>()>& open, const KnownMarket& market,
           const VerifyOutput& output, Context& context,
           KnownMarket::Time now = std::chrono::system_clock::now());

}  // namespace onemarket
