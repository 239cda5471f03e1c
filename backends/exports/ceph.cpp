// SPDX-License-Identifier: Apache-2.0
#include "backends/exports/ceph.h"

#include "backends/exports/datastore.h"
#include "backends/sources/rbd.h"

namespace onemarket {
namespace {

std::string pool_and_image(const DriverMessage& message) {
    std::string source = message.required("IMAGE/SOURCE");
    if (source.find('/') != std::string::npos) return source;
    return message.required_datastore("POOL_NAME") + "/" + source;
}

}  // namespace

std::unique_ptr<ImageSource> CephExporter::export_image(const DriverMessage& message,
                                                        Context& context) const {
    // Not the image's template: its owner writes that, and would choose what oneadmin reads there.
    const auto attribute = [&message](const char* name) {
        return message.datastore(name).value_or("");
    };
    ImageFacts facts;
    facts.size_mb = message.required("IMAGE/SIZE");
    facts.format = block_format(message);
    facts.format_must_hold = is_to_be_confirmed(facts.format);
    RbdLocation location{"", pool_and_image(message), attribute("CEPH_USER"), attribute("CEPH_KEY"),
                         attribute("CEPH_CONF")};
    std::shared_ptr<Bridge> bridge = datastore_bridge(message, site_, context);
    location.host = bridge->host();
    const uint64_t size = find_rbd(*bridge, location);
    facts.location = location.text();
    return std::make_unique<RbdSource>(std::move(facts), std::move(bridge), size);
}

}  // namespace onemarket
