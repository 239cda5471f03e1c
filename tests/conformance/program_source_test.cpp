// SPDX-License-Identifier: Apache-2.0
// Every source once more, as onemarket-downloader reads it.
#include "tests/conformance/downloads.h"
#include "tests/conformance/objects.h"
#include "tests/conformance/rbd_images.h"
#include "tests/conformance/source_suite.h"
#include "tests/conformance/ssh_files.h"
#include "tests/conformance/through_program.h"
#include "tests/conformance/web_files.h"

namespace onemarket::test {

// What a shell would read does not go to the site's script, which gives it to one.
class DownloadsThroughProgram : public ThroughProgram<Downloads> {
  public:
    using ThroughProgram::ThroughProgram;
    bool takes(const std::string& name) const override {
        return name.find_first_of("\"'`$\\;|<>()\n") == std::string::npos;
    }
};

INSTANTIATE_TEST_SUITE_P(program_downloader, SourceSuite,
                         testing::Values(source<DownloadsThroughProgram>()));
INSTANTIATE_TEST_SUITE_P(program_file, SourceSuite, testing::Values(source<FilesThroughProgram>()));
INSTANTIATE_TEST_SUITE_P(program_http, SourceSuite,
                         testing::Values(source<ThroughProgram<WebFiles>>()));
INSTANTIATE_TEST_SUITE_P(program_rbd, SourceSuite,
                         testing::Values(source<ThroughProgram<RbdImages>>()));
INSTANTIATE_TEST_SUITE_P(program_s3, SourceSuite,
                         testing::Values(source<ThroughProgram<Objects>>()));
INSTANTIATE_TEST_SUITE_P(program_ssh, SourceSuite,
                         testing::Values(source<ThroughProgram<SshFiles>>()));

}  // namespace onemarket::test
