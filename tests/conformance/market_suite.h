// SPDX-License-Identifier: Apache-2.0
// The suite every marketplace passes. It is instantiated once for each, under its own type:
//   INSTANTIATE_TEST_SUITE_P(http, MarketSuite, testing::Values(market<HttpMarket>()));
// The tests are in market_suite_test.cpp.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/conformance/harness.h"

namespace onemarket::test {

// One marketplace and what is done to it.
class MarketFixture : public testing::Test {
  protected:
    using Names = std::vector<std::string>;

    // Sets the marketplace up anew, in a folder of this name.
    void open(const Market& market, const std::string& folder = "market") {
        market_.reset();
        market_ = market.make(dir_ / folder);
    }

    // A source of this content, also found at its location by who reads it himself; `before` comes
    // before each piece.
    std::unique_ptr<ImageSource> image(const std::string& content, BeforePiece before = {}) {
        write_file(facts_.location, content);
        return std::make_unique<TextSource>(facts_, content, std::move(before));
    }

    PublishedApp import(ImageSource& image, const App& app = {}) {
        if (app.id == context_.context.id()) return import(image, app, context_);
        TestContext other(app.id);
        return import(image, app, other);
    }
    PublishedApp import(ImageSource& image, const App& app, Context& context) {
        context.keep_in(std::make_shared<UnkeptRecord>());  // each is an import of its own
        return market_->backend().import(market_->import_message(app), image, context);
    }
    PublishedApp import(const std::string& content, const App& app = {}) {
        return import(*image(content), app);
    }
    void remove(const std::string& source, const App& app = {}) {
        market_->backend().remove(market_->delete_message(app, source), source, context_);
    }

    // The kind a failure of the marketplace itself has, where the contract says `kind`.
    ErrorKind kind_of_market(ErrorKind kind) const {
        return market_->deviations().only_kind.value_or(kind);
    }

    Names objects() const { return market_->objects(); }

    Ignored pipe_signal_{SIGPIPE};  // as the driver does
    TempDir dir_;
    TestContext context_;
    ImageFacts facts_{dir_ / "image", "128", "qcow2", "", {}};
    std::unique_ptr<MarketHarness> market_;
};

class MarketSuite : public MarketFixture, public testing::WithParamInterface<Market> {
  protected:
    void SetUp() override {
        try {
            open(GetParam());
        } catch (const SkipHarness& reason) {
            GTEST_SKIP() << reason.what();
        }
    }
};

}  // namespace onemarket::test
