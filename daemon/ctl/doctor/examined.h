// SPDX-License-Identifier: Apache-2.0
// An installation as onemarketctl doctor looks at it, and the list of what it looks at.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "backends/findings.h"
#include "daemon/ctl/oned_conf.h"
#include "daemon/environment.h"
#include "daemon/installation.h"
#include "daemon/layout.h"
#include "daemon/market_messages.h"
#include "daemon/options.h"

namespace onemarket {

// Read once, before the checks, which change nothing.
class Examined {
  public:
    using Time = std::chrono::system_clock::time_point;

    // Throws Error (not_found) where there is no OpenNebula to look at.
    Examined(const Environment& environment, bool hosts,
             Time now = std::chrono::system_clock::now());

    Layout layout;
    uid_t owner;  // of var: the driver's user
    std::string oned_conf_file;
    std::optional<OnedConf> oned_conf;
    std::optional<Error> oned_conf_fault;  // where it cannot be read, or understood
    Options options;                       // the driver's, as oned.conf gives them
    std::optional<Installation> installation;
    std::vector<MarketMessages::Kept> markets;  // the driver has seen
    std::optional<Error> markets_fault;
    std::string path;  // where programs are looked for
    bool hosts;        // others may be connected to
    Time now;

    bool runs_onemarketd() const { return oned_conf && oned_conf->runs_onemarketd(); }
    // Of the BRIDGE_LISTs there are, each once.
    std::vector<std::string> bridges() const;
};

// Where a document is: as it is installed, or in the sources.
std::string document(const std::string& name);

// An errno's words.
std::string reason_of(int error_number);

// One thing that is looked at. One more is one function more, and a line in its file's list.
using Check = void (*)(const Examined& examined, Context& context, Findings& findings);

std::span<const Check> checks_of_oned();     // oned.conf, the driver's program, its options
std::span<const Check> checks_of_state();    // the driver's folders, its life, its journal
std::span<const Check> checks_of_network();  // certificates, ssh, bridges, the clock

// All of them, in the order an administrator goes by.
void examine(const Examined& examined, Context& context, Findings& findings);

}  // namespace onemarket
