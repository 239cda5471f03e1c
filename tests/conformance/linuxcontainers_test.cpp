// SPDX-License-Identifier: Apache-2.0
#include "backends/linuxcontainers.h"

#include "tests/conformance/discovery_suite.h"

namespace onemarket::test {
namespace {

class LinuxContainersMarket : public DiscoveryHarness {
  public:
    std::unique_ptr<Backend> backend(const Site& site) const override {
        return std::make_unique<LinuxContainersBackend>(site);
    }
    DriverMessage monitor_message(const std::string& endpoint) const override {
        return message("monitor-linuxcontainers", {{"ENDPOINT", endpoint},
                                                   {"IMAGE_SIZE_MB", ""},
                                                   {"SKIP_UNTESTED", ""},
                                                   {"PRIVILEGED", ""}});
    }
    std::string path() const override { return "/streams/v1/images.json"; }
    std::string catalogue(size_t apps, size_t malformed) const override {
        std::string text = R"({"format":"products:1.0","products":{)";
        for (size_t i = 0; i < apps + malformed; ++i) {
            if (i > 0) text += ',';
            const std::string number = std::to_string(i);
            text += "\"debian:" + number + R"(:amd64:default":{"versions":)" +
                    (i < apps ? R"({"20251122_05:24":{"items":{"root.tar.xz":{"path":"images/)" +
                                    number + "\"}}}}}"
                              : "7}");
        }
        return text + "}}";
    }
    std::string name() const override { return "linuxcontainers.org"; }
};

}  // namespace

INSTANTIATE_TEST_SUITE_P(linuxcontainers, DiscoverySuite,
                         testing::Values(discovery<LinuxContainersMarket>()));

}  // namespace onemarket::test
