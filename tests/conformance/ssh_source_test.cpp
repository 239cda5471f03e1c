// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/source_suite.h"
#include "tests/conformance/ssh_files.h"

namespace onemarket::test {

INSTANTIATE_TEST_SUITE_P(ssh, SourceSuite, testing::Values(source<SshFiles>()));

}  // namespace onemarket::test
