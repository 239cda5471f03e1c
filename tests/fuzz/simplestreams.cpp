// SPDX-License-Identifier: Apache-2.0
// A catalogue of a simplestreams server.
#include "backends/linuxcontainers.h"
#include "tests/fuzz/catalogue.h"
#include "tests/fuzz/fuzz.h"

namespace onemarket::fuzz {

void one_input(std::string_view input) {
    const Site site;
    check_catalogue(LinuxContainersBackend(site), input);
}

}  // namespace onemarket::fuzz
