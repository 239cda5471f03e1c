// SPDX-License-Identifier: Apache-2.0
// Everything the driver reads from the machine: before it serves, and when it is told to read it
// again.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "backends/io/bandwidth.h"
#include "backends/site.h"
#include "daemon/config.h"
#include "daemon/environment.h"
#include "daemon/layout.h"
#include "daemon/options.h"
#include "daemon/services.h"
#include "daemon/transfer_slots.h"

namespace onemarket {

// Layout, configuration, scripts' environment and release. Neither moved nor copied, since services
// refer into it.
class Installation {
  public:
    // From ONE_LOCATION and the other variables of `process`. What is wrong is in problems();
    // nothing throws, since INIT must be answered whatever is missing.
    // `keeps_messages`: the services keep those of MONITORs; the driver's alone are oned's.
    // `config_file`: another one than the layout's.
    Installation(const Options& options, const Environment& process, bool keeps_messages = false,
                 const std::string& config_file = "");
    Installation(const Installation&) = delete;
    Installation& operator=(const Installation&) = delete;

    const Layout& layout() const { return layout_; }
    const std::string& config_file() const { return config_file_; }
    // As they are now: whoever has them has them, with their configuration and site, until he gives
    // them back. Thread-safe.
    std::shared_ptr<const Services> services() const;
    int priority() const { return priority_; }  // what to add to the niceness
    // What was wrong at the start.
    const std::vector<std::string>& problems() const { return problems_; }
    // The same for people, a line each; one that says so where nothing was.
    std::string verdict() const;

    // Reads all of it again, and serves by it from now on. Where the configuration is wrong
    // everything stays as it was.
    struct Reading {
        std::vector<std::string> faults;    // of the configuration, a line each
        std::vector<std::string> problems;  // of what is around it
    };
    Reading reload();

  private:
    // What is read at one time.
    struct Generation {
        Config config;
        Site site;
        int priority = 0;
        Reading reading;
        std::unique_ptr<Services> services;
    };
    std::shared_ptr<Generation> read();
    Site make_site(Generation& generation) const;
    void add_unknown_markets(const Config& config, std::vector<std::string>& problems) const;
    void use(std::shared_ptr<Generation> generation);

    Options options_;
    Environment process_;
    Layout layout_;
    std::string config_file_;
    std::vector<std::string> problems_;
    int priority_ = 0;
    // What stays the same over all generations.
    TransferSlots transfers_{1};
    std::shared_ptr<Bandwidth> bandwidth_ = std::make_shared<Bandwidth>();
    std::shared_ptr<ListCache> lists_;
    MarketMessages messages_;
    bool keeps_messages_;

    mutable std::mutex mutex_;
    std::shared_ptr<const Generation> now_;
};

}  // namespace onemarket
