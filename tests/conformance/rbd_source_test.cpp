// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/rbd_images.h"
#include "tests/conformance/source_suite.h"

namespace onemarket::test {

INSTANTIATE_TEST_SUITE_P(rbd, SourceSuite, testing::Values(source<RbdImages>()));

}  // namespace onemarket::test
