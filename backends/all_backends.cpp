// SPDX-License-Identifier: Apache-2.0
#include "backends/all_backends.h"

#include <algorithm>
#include <array>

#include "backends/exports/ceph.h"
#include "backends/exports/fs.h"
#include "backends/exports/lvm.h"
#include "backends/exports/script.h"
#include "backends/http.h"
#include "backends/linuxcontainers.h"
#include "backends/one.h"
#include "backends/s3.h"
#include "backends/script.h"

namespace onemarket {
namespace {

template <class Interface, class T>
std::shared_ptr<const Interface> make(const Site& site) {
    return std::make_shared<T>(site);
}

// Alphabetical.
constexpr std::array<BackendEntry, 4> kBackends{{
    {"http", make<Backend, HttpBackend>},
    {"linuxcontainers", make<Backend, LinuxContainersBackend>},
    {"one", make<Backend, OneBackend>},
    {"s3", make<Backend, S3Backend>},
}};

constexpr std::array<ExporterEntry, 3> kExporters{{
    {"ceph", make<Exporter, CephExporter>},
    {"fs", make<Exporter, FsExporter>},
    {"lvm", make<Exporter, LvmExporter>},
}};

}  // namespace

std::span<const BackendEntry> all_backends() {
    return kBackends;
}
bool is_built_in(std::string_view market_type) {
    const auto backends = all_backends();
    return std::any_of(backends.begin(), backends.end(),
                       [&](const BackendEntry& entry) { return entry.type == market_type; });
}

std::span<const ExporterEntry> all_exporters() {
    return kExporters;
}

std::shared_ptr<const Backend> find_backend(const Site& site, const ScriptChoice& scripts,
                                            const std::string& type, const DriverMessage& message) {
    if (!scripts.markets.contains(type)) {
        for (const BackendEntry& entry : all_backends()) {
            if (entry.type != type) continue;
            auto backend = entry.make(site);
            if (backend->serves(message)) return backend;
        }
    }
    return std::make_shared<ScriptBackend>(site, type);
}

std::shared_ptr<const Exporter> find_exporter(const Site& site, const ScriptChoice& scripts,
                                              const std::string& type,
                                              const DriverMessage& message) {
    if (!scripts.datastores.contains(type)) {
        for (const ExporterEntry& entry : all_exporters()) {
            if (entry.type != type) continue;
            auto exporter = entry.make(site);
            if (exporter->serves(message)) return exporter;
        }
    }
    return std::make_shared<ScriptExporter>(site, type);
}

}  // namespace onemarket
