// SPDX-License-Identifier: Apache-2.0
// The VM template of an appliance, from the JSON its catalogue has to the template text oned reads.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "backends/io/json.h"

namespace onemarket {

struct VmTemplate {
    std::string text;
    std::vector<std::string> refused;  // attributes that were left out, each with the reason
};

// Keys in upper case; strings, numbers and booleans as values, objects as vectors, arrays as the
// attribute repeated. null, "", [] and {} are left out; refused is what nests deeper than a
// template can, and keys a template cannot have.
// To it come HYPERVISOR, and SCHED_REQUIREMENTS that ask for it; on aarch64 also the ARCH in them
// and, over the template's own, what OS needs there. Of the SCHED_REQUIREMENTS it has all must
// hold; one with an odd parenthesis or quote, which could undo what is joined to it, is refused.
// `document` is an object.
VmTemplate render_vm_template(const JsonValue& document, std::string_view architecture,
                              std::string_view hypervisor);

}  // namespace onemarket
