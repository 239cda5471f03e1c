// SPDX-License-Identifier: Apache-2.0
// Images on other hosts, as export scripts and the site's downloader write them.
#pragma once

#include <string>
#include <string_view>

#include "protocol/error.h"

namespace onemarket {

// ssh://[user@]host:path, the path as it is: nothing in it is encoded.
struct SshLocation {
    std::string host;  // with its user
    std::string path;

    std::string text() const { return "ssh://" + host + ":" + path; }
};
// Fails, with what is wrong, on all that is not such a location.
Result<SshLocation> parse_ssh_location(std::string_view text);

// rbd://[user@]host/image?CEPH_USER=...&CEPH_KEY=...&CEPH_CONF=..., each of the three at most once.
struct RbdLocation {
    std::string host;   // with its user
    std::string image;  // pool/name
    std::string user;   // of Ceph; these three may be empty
    std::string keyfile;
    std::string conf;

    // With what would end a part of it, or is no printable ASCII, as %XX.
    std::string text() const;
};
// The same. Scripts write values as they are, so that only %XX is decoded: a % before anything
// else, and a +, stand for themselves.
Result<RbdLocation> parse_rbd_location(std::string_view text);

}  // namespace onemarket
