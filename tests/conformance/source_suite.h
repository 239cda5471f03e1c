// SPDX-License-Identifier: Apache-2.0
// The suite every source passes. It is instantiated once for each, under the name of its file in
// backends/sources/:
//   INSTANTIATE_TEST_SUITE_P(file, SourceSuite, testing::Values(source<Files>()));
// The tests are in source_suite_test.cpp.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/conformance/harness.h"

namespace onemarket::test {

class SourceSuite : public testing::TestWithParam<Source> {
  protected:
    void SetUp() override {
        try {
            make();
        } catch (const SkipHarness& reason) {
            GTEST_SKIP() << reason.what();
        }
    }
    SourceHarness& make() {
        harness_.reset();
        harness_ = GetParam().make(dir_ / "sources");
        return *harness_;
    }

    // All of its bytes.
    std::string read(ImageSource& image) { return read_all(*image.open(context_), context_); }

    Ignored pipe_signal_{SIGPIPE};  // as the driver does
    TempDir dir_;
    TestContext context_;
    std::unique_ptr<SourceHarness> harness_;
};

}  // namespace onemarket::test
