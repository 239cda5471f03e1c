// SPDX-License-Identifier: Apache-2.0
// Images on other hosts, as scripts write them: read, written and read again they are the same.
#include "backends/io/location.h"

#include "backends/io/bridge.h"
#include "tests/fuzz/fuzz.h"

namespace onemarket::fuzz {

void one_input(std::string_view input) {
    if (const auto ssh = parse_ssh_location(input)) {
        must(is_bridge_host(ssh->host) && !ssh->path.empty(), "there are a host and a path");
        must(ssh->text() == input, "what was read is written as it was");
    }
    const auto rbd = parse_rbd_location(input);
    if (!rbd) return;
    must(is_bridge_host(rbd->host) && !rbd->image.empty(), "there are a host and an image");
    const auto again = parse_rbd_location(rbd->text());
    must(is_one_line(rbd->text()), "what is written is one line");
    must(again && again->host == rbd->host && again->image == rbd->image &&
             again->user == rbd->user && again->keyfile == rbd->keyfile && again->conf == rbd->conf,
         "what was read can be written");
}

}  // namespace onemarket::fuzz
