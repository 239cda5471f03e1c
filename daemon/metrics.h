// SPDX-License-Identifier: Apache-2.0
// The driver in figures, for Prometheus. docs/metrics.md describes each.
#pragma once

#include <string>

#include "daemon/process_usage.h"
#include "daemon/status.h"

namespace onemarket {

// The type of the text, for HTTP.
inline constexpr const char* kMetricsType = "text/plain; version=0.0.4; charset=utf-8";

// In Prometheus' text format 0.0.4. What can be counted is there from the start, with 0, so that
// the first failure of a kind is a rise as well. Without `usage` there is nothing of the process.
std::string to_prometheus(const Status& status, const ProcessUsage& usage);

}  // namespace onemarket
