// SPDX-License-Identifier: Apache-2.0
#include "backends/exports/lvm.h"

#include <algorithm>

#include "backends/exports/datastore.h"
#include "backends/io/bridge_reader.h"
#include "backends/io/location.h"
#include "backends/sources/ssh.h"
#include "protocol/ascii.h"
#include "protocol/reply.h"

namespace onemarket {
namespace {

// As LVM allows it: neither an option to lvchange nor another place than /dev/VG/LV.
bool is_lvm_name(std::string_view name) {
    return !name.empty() && name != "." && name != ".." && name.front() != '-' &&
           std::all_of(name.begin(), name.end(), [](char c) {
               return ascii::is_alnum(c) || std::string_view("+_.-").find(c) != std::string::npos;
           });
}

std::string volume_of(const DriverMessage& message) {
    std::string source = message.required("IMAGE/SOURCE");
    const size_t slash = std::min(source.find('/'), source.size() - 1);
    const std::string_view text = source;
    // In /dev/mapper volumes have other names than their own.
    if (!is_lvm_name(text.substr(0, slash)) || !is_lvm_name(text.substr(slash + 1)) ||
        text.substr(0, slash) == "mapper")
        throw Error(ErrorKind::bad_request, source + ": not a logical volume VG/LV");
    return source;
}

// A volume as long as it is used.
class VolumeSource : public SshSource {
  public:
    VolumeSource(ImageFacts facts, std::shared_ptr<Bridge> bridge, uint64_t size, Context& context)
        : SshSource(std::move(facts), bridge, size),
          bridge_(std::move(bridge)),
          context_(context) {}
    // What is not said here the host does by itself, when the conversation ends.
    ~VolumeSource() override {
        try {
            const std::string why = bridge_->ask("release");
            if (!why.empty())
                context_.log().log(LogLevel::warning,
                                   facts().location + " stays active: " + one_line(why, 300));
        } catch (const std::exception&) {
        }
    }

  private:
    std::shared_ptr<Bridge> bridge_;
    Context& context_;
};

}  // namespace

std::unique_ptr<ImageSource> LvmExporter::export_image(const DriverMessage& message,
                                                       Context& context) const {
    ImageFacts facts;
    facts.size_mb = message.required("IMAGE/SIZE");
    facts.format = block_format(message);
    facts.format_must_hold = is_to_be_confirmed(facts.format);
    const std::string volume = volume_of(message);
    const std::string path = "/dev/" + volume;
    std::shared_ptr<Bridge> bridge;
    if (message.datastore("BRIDGE_LIST")) {
        bridge = datastore_bridge(message, site_, context);
        facts.location = SshLocation{bridge->host(), path}.text();
    } else {
        bridge = Bridge::here(ssh_settings(site_), context);
        facts.location = path;
    }
    const uint64_t size = bridge_size(*bridge, path, bridge->ask("volume", {volume}));
    return std::make_unique<VolumeSource>(std::move(facts), std::move(bridge), size, context);
}

}  // namespace onemarket
