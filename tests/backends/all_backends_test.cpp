// SPDX-License-Identifier: Apache-2.0
#include "backends/all_backends.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "backends/exports/ceph.h"
#include "backends/exports/fs.h"
#include "backends/exports/lvm.h"
#include "backends/exports/script.h"
#include "backends/http.h"
#include "backends/script.h"
#include "backends/site.h"
#include "tests/backends/helpers.h"

namespace onemarket {
namespace {

const std::map<std::string, std::string> kMarket = {{"BASE_URL", "http://web"},
                                                    {"PUBLIC_DIR", "/srv/market"}};

template <class T, class Found>
bool is_a(const Found& found) {
    return dynamic_cast<const T*>(found.get()) != nullptr;
}

DriverMessage with_bridge_datastore() {
    return test::message("import-http-fs-bridge", {{"BASE_URL", "http://web"},
                                                   {"PUBLIC_DIR", "/srv/market"},
                                                   {"SOURCE", "/an/image"},
                                                   {"FORMAT", "raw"},
                                                   {"BRIDGE_LIST", "host1"},
                                                   {"DATASTORES", "/ds"}});
}

TEST(AllBackends, ListsAreAlphabeticalAndOfDriverNames) {
    std::vector<std::string> markets;
    for (const BackendEntry& entry : all_backends()) markets.emplace_back(entry.type);
    std::vector<std::string> datastores;
    for (const ExporterEntry& entry : all_exporters()) datastores.emplace_back(entry.type);
    for (const auto& names : {markets, datastores}) {
        EXPECT_FALSE(names.empty());
        EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
        EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end()) << "twice";
        for (const std::string& name : names) EXPECT_TRUE(is_driver_name(name)) << name;
    }
}

TEST(AllBackends, EveryEntryMakesSomething) {
    const Site site;
    for (const BackendEntry& entry : all_backends()) EXPECT_NE(entry.make(site), nullptr);
    for (const ExporterEntry& entry : all_exporters()) EXPECT_NE(entry.make(site), nullptr);
}

TEST(AllBackends, BuiltInOneServesItsType) {
    const Site site;
    const DriverMessage message = test::message("monitor-http", kMarket);
    EXPECT_TRUE(is_a<HttpBackend>(find_backend(site, {}, "http", message)));
    EXPECT_TRUE(is_a<FsExporter>(find_exporter(site, {}, "fs", message)));
    EXPECT_TRUE(is_a<FsExporter>(find_exporter(site, {}, "fs", with_bridge_datastore())));
    EXPECT_TRUE(is_a<CephExporter>(find_exporter(site, {}, "ceph", message)));
    EXPECT_TRUE(is_a<LvmExporter>(find_exporter(site, {}, "lvm", message)));
}

TEST(AllBackends, OthersAreTheSitesScripts) {
    const Site site;
    const DriverMessage message = test::message("monitor-http", kMarket);
    for (const char* type : {"foo", "HTTP", "http2", "htt", ""})
        EXPECT_TRUE(is_a<ScriptBackend>(find_backend(site, {}, type, message))) << type;
    for (const char* type : {"foo", "FS", "fs2", "f", ""})
        EXPECT_TRUE(is_a<ScriptExporter>(find_exporter(site, {}, type, message))) << type;
}

TEST(AllBackends, AdministratorMayChooseTheScript) {
    const Site site;
    const DriverMessage message = test::message("monitor-http", kMarket);
    const ScriptChoice choice{{"http"}, {"fs", "ceph", "lvm"}};
    EXPECT_TRUE(is_a<ScriptBackend>(find_backend(site, choice, "http", message)));
    for (const char* type : {"fs", "ceph", "lvm"})
        EXPECT_TRUE(is_a<ScriptExporter>(find_exporter(site, choice, type, message))) << type;
    const ScriptChoice other{{"fs"}, {"http"}};  // each list counts for its own kind
    EXPECT_TRUE(is_a<HttpBackend>(find_backend(site, other, "http", message)));
    EXPECT_TRUE(is_a<FsExporter>(find_exporter(site, other, "fs", message)));
}

TEST(AllBackends, BridgesAreServedToo) {
    const Site site;
    auto values = kMarket;
    values.insert({"BRIDGE_LIST", "web1 web2"});
    const DriverMessage bridged = test::message("monitor-http-bridge", values);
    EXPECT_TRUE(is_a<HttpBackend>(find_backend(site, {}, "http", bridged)));
}

TEST(AllBackends, ScriptOfATypeStandsInItsFolder) {
    test::TestSite site;
    site.script("market/foo/monitor", "#!/bin/sh\necho foo\n");
    test::TestContext context(100);
    const DriverMessage message = test::message("monitor-http", kMarket);
    EXPECT_EQ(find_backend(site.site, {}, "foo", message)->monitor(message, context), "foo\n");
}

}  // namespace
}  // namespace onemarket
