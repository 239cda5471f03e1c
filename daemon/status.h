// SPDX-License-Identifier: Apache-2.0
// The driver at one moment, for whoever looks at it from outside.
#pragma once

#include <string>
#include <vector>

#include "daemon/in_flight.h"
#include "daemon/retries.h"
#include "daemon/statistics.h"

namespace onemarket {

struct Status {
    WallTime now, started;
    int pid = 0;
    FlightCounts counts;
    std::vector<FlightView> requests;  // the first of them
    Statistics::Totals totals;
    uint64_t moved = 0;              // bytes of images, all in all
    size_t retries_waiting = 0;      // that are to be tried again
    std::vector<RetryView> retries;  // the first of them
    size_t journal_records = 0;      // on disk
    std::optional<WallTime> journal_oldest;
    std::string journal_problem;  // why nothing can be noted down; empty where it can
    std::string metrics_problem;  // why they are not where they should be; empty where they are
};

// As one line of JSON; docs/control.md describes it.
std::string to_json(const Status& status);

}  // namespace onemarket
