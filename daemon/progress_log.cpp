// SPDX-License-Identifier: Apache-2.0
#include "daemon/progress_log.h"

#include <string>

namespace onemarket {

void ProgressLog::look(const std::vector<FlightView>& requests, Clock::time_point now) {
    decltype(paces_) paces;
    for (const FlightView& request : requests) {
        const Transfer::State& transfer = request.transfer;
        if (request.action != Action::import || transfer.stage != Transfer::Stage::moving) continue;
        const std::pair key(request.id, transfer.began);
        const auto known = paces_.find(key);
        ProgressPace pace = known != paces_.end() ? known->second : ProgressPace(transfer.began);
        const Progress progress{transfer.moved, transfer.total, now - transfer.began};
        if (pace.due(progress, now))
            say_(request.id, "app " + std::to_string(request.id) + ": " + in_words(progress));
        paces.emplace(key, pace);
    }
    paces_ = std::move(paces);
}

}  // namespace onemarket
