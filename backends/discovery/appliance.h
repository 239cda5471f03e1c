// SPDX-License-Identifier: Apache-2.0
// One entry of OpenNebula's marketplace: an image, a VM template or a service.
//
// As its server gives it, all but _id and name optional, null and "" as good as missing:
//   {"_id":{"$oid":…}, name, type, version, publisher, short_description, tags:[…], format,
//    creation_time, "os-arch", hypervisor, opennebula_template (JSON in a string),
//    disks:[app name, …], roles:{role:app name, …},
//    files:[{size (bytes), md5, checksum:{md5, sha256}, dev_prefix, type}, …]}
#pragma once

#include <optional>
#include <string>

#include "backends/discovery/app_list.h"
#include "backends/io/json.h"
#include "protocol/error.h"

namespace onemarket {

// The app; nothing where its type is none oned knows; a failure where a part of the entry that
// counts is missing or of another shape. `endpoint`: the marketplace's address, without a slash at
// its end.
Result<std::optional<DiscoveredApp>> read_appliance(const std::string& endpoint,
                                                    const JsonValue& entry);

}  // namespace onemarket
