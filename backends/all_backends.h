// SPDX-License-Identifier: Apache-2.0
// The visible lists: every marketplace and every datastore the driver serves by itself. All others
// are served by the site's scripts.
#pragma once

#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "backends/backend.h"
#include "backends/exporter.h"
#include "backends/site.h"

namespace onemarket {

struct BackendEntry {
    std::string_view type;  // MARKET_MAD
    std::shared_ptr<const Backend> (*make)(const Site& site);
};
std::span<const BackendEntry> all_backends();
// Whether one of them is of that type.
bool is_built_in(std::string_view market_type);

struct ExporterEntry {
    std::string_view type;  // DS_MAD
    std::shared_ptr<const Exporter> (*make)(const Site& site);
};
std::span<const ExporterEntry> all_exporters();

// The types the site's administrator wants served by scripts although a built-in one exists.
struct ScriptChoice {
    std::set<std::string, std::less<>> markets;
    std::set<std::string, std::less<>> datastores;
};

// Finds who serves a message: the built-in backend of that type, or the site's script where there
// is none, it was chosen, or the built-in one does not serve this set-up. `site` must outlive what
// is returned. Thread-safe.
std::shared_ptr<const Backend> find_backend(const Site& site, const ScriptChoice& scripts,
                                            const std::string& type, const DriverMessage& message);
std::shared_ptr<const Exporter> find_exporter(const Site& site, const ScriptChoice& scripts,
                                              const std::string& type,
                                              const DriverMessage& message);

}  // namespace onemarket
