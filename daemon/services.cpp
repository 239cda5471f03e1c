// SPDX-License-Identifier: Apache-2.0
#include "daemon/services.h"

#include <sys/stat.h>

namespace onemarket {
namespace {

bool is_folder(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

}  // namespace

std::shared_ptr<const Backend> Services::backend(const DriverMessage& message) const {
    // An empty type is one that is not served; no type at all is a wrong message.
    constexpr std::string_view path = "MARKETPLACE/MARKET_MAD";
    const std::string type =
        message.has(path) ? message.text(path).value_or("") : message.required(path);
    const bool known =
        is_driver_name(type) &&
        (markets ? markets->contains(type) : is_folder(site.remotes + "/market/" + type));
    if (!known)
        throw Error(ErrorKind::unsupported, "Marketplace driver '" + type + "' not available");
    return find_backend(site, config.scripts, type, message);
}

std::shared_ptr<const Exporter> Services::exporter(const DriverMessage& message) const {
    return find_exporter(site, config.scripts, message.required("DATASTORE/DS_MAD"), message);
}

}  // namespace onemarket
