// SPDX-License-Identifier: Apache-2.0
#include "backends/one.h"

#include "tests/conformance/discovery_suite.h"

namespace onemarket::test {
namespace {

class OneMarket : public DiscoveryHarness {
  public:
    std::unique_ptr<Backend> backend(const Site& site) const override {
        return std::make_unique<OneBackend>(site);
    }
    DriverMessage monitor_message(const std::string& endpoint) const override {
        return message("monitor-one", {{"ENDPOINT", endpoint}});
    }
    std::string path() const override { return "/appliance"; }
    std::string catalogue(size_t apps, size_t malformed) const override {
        std::string text = R"({"sEcho":1,"appliances":[)";
        for (size_t i = 0; i < apps + malformed; ++i) {
            if (i > 0) text += ',';
            const std::string number = std::to_string(i);
            text +=
                i < apps
                    ? R"({"_id":{"$oid":"id-)" + number + R"("},"name":"App )" + number +
                          R"(","files":[{"size":1048576,"md5":"00000000000000000000000000000001"}]})"
                    : R"({"name":"App )" + number + "\"}";
        }
        return text + "]}";
    }
    std::string name() const override { return "OpenNebula"; }
};

}  // namespace

INSTANTIATE_TEST_SUITE_P(one, DiscoverySuite, testing::Values(discovery<OneMarket>()));

}  // namespace onemarket::test
