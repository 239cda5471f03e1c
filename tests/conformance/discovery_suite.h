// SPDX-License-Identifier: Apache-2.0
// The suite every marketplace passes that is only discovered. It is instantiated once for each,
// under its own type:
//   INSTANTIATE_TEST_SUITE_P(one, DiscoverySuite, testing::Values(discovery<OneMarket>()));
// The tests are in discovery_suite_test.cpp.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <mutex>
#include <string>

#include "backends/backend.h"
#include "backends/discovery/list_cache.h"
#include "tests/conformance/harness.h"
#include "tests/support/http_server.h"

namespace onemarket::test {

// One kind of discovered marketplace.
class DiscoveryHarness {
  public:
    virtual ~DiscoveryHarness() = default;

    virtual std::unique_ptr<Backend> backend(const Site& site) const = 0;
    // What oned would send for a marketplace with this ENDPOINT.
    virtual DriverMessage monitor_message(const std::string& endpoint) const = 0;
    // Where its catalogue is, below the ENDPOINT.
    virtual std::string path() const = 0;
    // A catalogue of so many apps, and behind them so many malformed entries.
    virtual std::string catalogue(size_t apps, size_t malformed = 0) const = 0;
    // What its refusals call it.
    virtual std::string name() const = 0;
};

using Discovery = Maker<DiscoveryHarness>;

template <class Harness>
Discovery discovery() {
    return {[](const std::string&) { return std::make_unique<Harness>(); }};
}

class DiscoverySuite : public testing::TestWithParam<Discovery> {
  protected:
    DiscoverySuite() : market_(GetParam().make("")) {
        site_.site.lists = std::make_shared<ListCache>();
        backend_ = market_->backend(site_.site);
    }

    std::string monitor(const std::string& endpoint, Context& context) {
        return backend_->monitor(market_->monitor_message(endpoint), context);
    }
    // What the server answers from now on.
    void give(const HttpGiven& given) {
        const std::lock_guard lock(mutex_);
        given_ = given;
    }
    // The list in a catalogue of these bytes.
    std::string list(const std::string& catalogue) {
        give({"200 OK", {}, catalogue});
        return monitor(server_.url(), context_);
    }
    // The failure to which this answer leads; it names the URL, and is one line.
    Error failure(const HttpGiven& given) {
        give(given);
        Error error = error_of([this] { monitor(server_.url(), context_); });
        EXPECT_TRUE(std::string(error.what()).starts_with(server_.url() + market_->path() + ": "))
            << error.what();
        EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
        return error;
    }

    Ignored pipe_signal_{SIGPIPE};  // as the driver does
    std::unique_ptr<DiscoveryHarness> market_;
    TestSite site_;
    std::unique_ptr<Backend> backend_;
    TestContext context_{100};
    std::mutex mutex_;
    HttpGiven given_;  // guarded by mutex_
    HttpServer server_{[this](const HttpAsked&) {
        const std::lock_guard lock(mutex_);
        return given_;
    }};
};

}  // namespace onemarket::test
