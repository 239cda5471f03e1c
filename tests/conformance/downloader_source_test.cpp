// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/downloads.h"
#include "tests/conformance/source_suite.h"

namespace onemarket::test {

INSTANTIATE_TEST_SUITE_P(downloader, SourceSuite, testing::Values(source<Downloads>()));

}  // namespace onemarket::test
