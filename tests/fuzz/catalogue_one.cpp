// SPDX-License-Identifier: Apache-2.0
// A catalogue of OpenNebula's marketplace.
#include "backends/one.h"
#include "tests/fuzz/catalogue.h"
#include "tests/fuzz/fuzz.h"

namespace onemarket::fuzz {

void one_input(std::string_view input) {
    const Site site;
    check_catalogue(OneBackend(site), input);
}

}  // namespace onemarket::fuzz
