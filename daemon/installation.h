// SPDX-License-Identifier: Apache-2.0
// Everything the driver reads from the machine before it serves.
#pragma once

#include <string>
#include <vector>

#include "backends/site.h"
#include "daemon/config.h"
#include "daemon/environment.h"
#include "daemon/layout.h"
#include "daemon/options.h"
#include "daemon/services.h"
#include "daemon/transfer_slots.h"

namespace onemarket {

// Layout, configuration, scripts' environment and release, read once. Neither moved nor copied,
// since services() refers into it.
class Installation {
  public:
    // From ONE_LOCATION and the other variables of `process`. What is wrong is in problems();
    // nothing throws, since INIT must be answered whatever is missing.
    Installation(const Options& options, const Environment& process);
    Installation(const Installation&) = delete;
    Installation& operator=(const Installation&) = delete;

    const Layout& layout() const { return layout_; }
    const Config& config() const { return config_; }
    const std::string& config_file() const { return config_file_; }
    const Services& services() const { return services_; }
    // From now on the services keep the MONITOR messages: the driver's alone are those of oned.
    void keep_messages() { services_.messages = &messages_; }
    int priority() const { return priority_; }  // what to add to the niceness
    const std::vector<std::string>& problems() const { return problems_; }

  private:
    Site make_site(const Options& options, const Environment& process);
    Services make_services(const Options& options);

    Layout layout_;
    std::string config_file_;
    Config config_;
    std::vector<std::string> problems_;
    int priority_ = 0;
    Site site_;
    TransferSlots transfers_;
    MarketMessages messages_{layout_.state()};
    Services services_;
};

}  // namespace onemarket
