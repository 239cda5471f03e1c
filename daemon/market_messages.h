// SPDX-License-Identifier: Apache-2.0
// The last MONITOR message of each marketplace, kept for `onemarketctl gc` and `verify`: what oned
// knew of it, and when. <VAR>/onemarketd/markets/<id>, as it came: base64, with what secrets it
// has.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "backends/context.h"
#include "protocol/driver_message.h"

namespace onemarket {

// keep() is thread-safe.
class MarketMessages {
  public:
    static constexpr size_t kMaxBytes = size_t{17} << 20;  // of a line to the driver, and some

    // `state`: the driver's folder; it and the one in it are made when they are needed.
    explicit MarketMessages(const std::string& state)
        : state_(state), folder_(state + "/markets") {}

    // Notes a message, where it is another than the last one. Not synced. A failure is a warning,
    // once, and nothing else.
    void keep(ObjectId market, std::string_view payload, RequestLog& log) noexcept;

    struct Kept {
        ObjectId market;
        DriverMessage message;
        std::chrono::system_clock::time_point since;  // oned has been saying so
    };
    // That of one marketplace. Throws Error: not_found where there is none.
    Kept read(ObjectId market) const;
    // Those of all. Throws Error where one cannot be read.
    std::vector<Kept> read_all() const;

  private:
    std::string path_of(ObjectId market) const { return folder_ + "/" + std::to_string(market); }
    void write(ObjectId market, std::string_view payload);
    void make_folders();

    std::string state_, folder_;
    std::mutex mutex_;
    std::map<ObjectId, size_t> last_;  // a hash; to miss a change would only make gc more careful
    bool made_ = false;
    bool warned_ = false;
};

}  // namespace onemarket
