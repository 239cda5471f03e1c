// SPDX-License-Identifier: Apache-2.0
// A marketplace as onemarketctl gc and verify know it: from oned's last word about it, and from
// what the driver keeps.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "backends/context.h"
#include "daemon/market_messages.h"
#include "protocol/driver_message.h"

namespace onemarket {

// Exit statuses of gc and verify.
inline constexpr int kAllWell = 0;
inline constexpr int kFound = 1;    // something that should not be
inline constexpr int kNotDone = 2;  // it could not be looked at

struct KnownMarket {
    using Time = std::chrono::system_clock::time_point;

    ObjectId id;
    DriverMessage message;
    Time since;                    // this is what oned has been saying
    bool kept = false;             // the driver heard it from oned; else somebody brought it
    std::set<ObjectId> apps;       // that it lists
    std::set<ObjectId> elsewhere;  // that any other marketplace the driver knows of lists

    bool lists(ObjectId app) const { return apps.contains(app) || elsewhere.contains(app); }
};

// That of a marketplace with this id. Throws Error that says where there is none yet.
MarketMessages::Kept kept_message(ObjectId id, const MarketMessages& messages);

// `market`: the id of one whose message the driver keeps, or a MONITOR message: `-`, which
// `read_stdin` gives, or a file. Throws Error, also where it is of a time to come.
KnownMarket known_market(const std::string& market, const MarketMessages& messages,
                         const std::function<std::string()>& read_stdin,
                         KnownMarket::Time now = std::chrono::system_clock::now());

// Log lines for stderr.
class ToolLog : public RequestLog {
  public:
    explicit ToolLog(std::vector<std::string> secrets) : secrets_(std::move(secrets)) {}
    void log(LogLevel level, std::string_view text) override;
    std::string safe(std::string_view text) const;

  private:
    std::vector<std::string> secrets_;
};

// "90s", "15m", "12h", "1d"; nothing where it is none of these: who leaves the unit out means days,
// or seconds.
std::optional<std::chrono::seconds> parse_span(std::string_view text);

}  // namespace onemarket
