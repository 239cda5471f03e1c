// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/source_suite.h"
#include "tests/conformance/web_files.h"

namespace onemarket::test {

INSTANTIATE_TEST_SUITE_P(http, SourceSuite, testing::Values(source<WebFiles>()));

}  // namespace onemarket::test
