// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/files.h"
#include "tests/conformance/source_suite.h"

namespace onemarket::test {

INSTANTIATE_TEST_SUITE_P(file, SourceSuite, testing::Values(source<Files>()));

}  // namespace onemarket::test
