// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/objects.h"
#include "tests/conformance/source_suite.h"

namespace onemarket::test {

INSTANTIATE_TEST_SUITE_P(s3, SourceSuite, testing::Values(source<Objects>()));

}  // namespace onemarket::test
