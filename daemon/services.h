// SPDX-License-Identifier: Apache-2.0
// What the handlers of all requests share. Read-only, but for slots, bandwidth and messages.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "backends/all_backends.h"
#include "backends/io/bandwidth.h"
#include "backends/site.h"
#include "daemon/config.h"
#include "daemon/market_messages.h"
#include "daemon/transfer_slots.h"

namespace onemarket {

struct Services {
    const Config& config;
    const Site& site;
    std::optional<std::set<std::string, std::less<>>> markets;  // -m; none: every market folder
    TransferSlots& transfers;
    TimeLimit import_limit, monitor_limit, remove_limit;
    std::shared_ptr<Bandwidth> bandwidth = nullptr;  // of all imports together; null: no limit
    MarketMessages* messages = nullptr;     // where those of MONITORs are kept; null: nowhere
    std::vector<std::string> secrets = {};  // of no request: those of the proxies

    // The backend that serves the message's MARKET_MAD. Throws Error (unsupported) "Marketplace
    // driver 'x' not available" when the driver was not told to serve that type.
    std::shared_ptr<const Backend> backend(const DriverMessage& message) const;

    std::shared_ptr<const Exporter> exporter(const DriverMessage& message) const;
};

}  // namespace onemarket
