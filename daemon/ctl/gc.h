// SPDX-License-Identifier: Apache-2.0
// onemarketctl gc: what a marketplace holds that oned does not know of.
#pragma once

#include <chrono>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "backends/inventory.h"
#include "daemon/ctl/market.h"

namespace onemarket {

struct GcOptions {
    bool remove = false;
    bool json = false;
    std::chrono::seconds older{86'400};  // temporaries and pending uploads
};

// An image is an orphan only when it is so much older than oned's last word: clocks differ, and an
// app may be new.
inline constexpr std::chrono::hours kOrphanMargin{1};

// What of a marketplace is whose.
struct Sorted {
    std::vector<StoredObject> orphans;
    // Images that nothing lists, and that are left alone all the same, with the reason.
    std::vector<std::pair<StoredObject, std::string>> spared;
    size_t others = 0;  // files of somebody else's
};
// `journalled`: apps the driver still has work with.
Sorted sort_objects(std::vector<StoredObject> objects, const KnownMarket& market,
                    const std::set<ObjectId>& journalled, const GcOptions& options,
                    KnownMarket::Time now);

// Prints what there is and, where that is asked for, removes it. Returns kAllWell where nothing is
// left, else kFound. Throws Error where it could not be done.
int collect_garbage(Inventory& inventory, const KnownMarket& market,
                    const std::set<ObjectId>& journalled, const GcOptions& options,
                    const std::function<void(std::string_view)>& print, Context& context,
                    KnownMarket::Time now = std::chrono::system_clock::now());

}  // namespace onemarket
