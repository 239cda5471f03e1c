// SPDX-License-Identifier: Apache-2.0
// What exporters of images that are elsewhere have in common.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "backends/context.h"
#include "backends/io/bridge.h"
#include "backends/site.h"
#include "protocol/driver_message.h"

namespace onemarket {

// What the format of a block image is said to be: by the image, else by the datastore; else it is
// raw. Bytes of a raw one are not asked: whoever owns it can write another format's header into it.
std::string block_format(const DriverMessage& message);
// Any other is opened by that header: its copy must be of that format, and need no other file.
bool is_to_be_confirmed(std::string_view block_format);

// The datastore's bridge: the host of BRIDGE_LIST that the request's id chooses, or the next one
// that can be reached. Throws as bridge_hosts() and connect_bridge() do.
std::shared_ptr<Bridge> datastore_bridge(const DriverMessage& message, const Site& site,
                                         Context& context);

}  // namespace onemarket
