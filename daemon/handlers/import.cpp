// SPDX-License-Identifier: Apache-2.0
#include "daemon/handlers/import.h"

#include "backends/io/subprocess.h"
#include "backends/site_script.h"
#include "protocol/ascii.h"
#include "protocol/base64.h"

namespace onemarket {
namespace {

constexpr TimeLimit kDisposeLimit{std::chrono::seconds(60), false};

// Runs an export's DISPOSE_CMD once, whatever became of the import: its own time limit, and no
// stop. Its failure is only worth a warning.
class Disposal {
  public:
    Disposal(const Site& site, const ImageFacts& facts, Context& context)
        : site_(site), facts_(facts), context_(context) {}
    Disposal(const Disposal&) = delete;
    Disposal& operator=(const Disposal&) = delete;

    ~Disposal() {
        if (facts_.dispose_command.empty()) return;
        try {
            Context own(context_.id(), {}, kDisposeLimit, context_.log());
            const auto& words = facts_.dispose_command;
            run_script(site_, words.front(), {words.begin() + 1, words.end()}, "", own);
        } catch (const std::exception& error) {
            context_.log().log(LogLevel::warning, std::string("dispose: ") + error.what());
        }
    }

  private:
    const Site& site_;
    const ImageFacts& facts_;
    Context& context_;
};

std::unique_ptr<ImageSource> export_image(const Services& services, const DriverMessage& message,
                                          Context& context) {
    try {
        return services.exporter(message)->export_image(message, context);
    } catch (const Error& error) {
        if (error.kind() == ErrorKind::cancelled || error.kind() == ErrorKind::timeout) throw;
        throw Error(error.kind(), std::string("Error exporting image to file: ") + error.what());
    }
}

// Without these oned would put the app in ERROR when all is done, and the image would stay.
void check_facts(const ImageFacts& facts) {
    if (!ascii::parse_number(facts.size_mb))
        throw Error(ErrorKind::corrupt,
                    "the image's SIZE '" + facts.size_mb + "' is no whole number of MB");
    if (facts.format.empty()) throw Error(ErrorKind::corrupt, "the image has no FORMAT");
}

std::string import_image(const Services& services, const DriverMessage& message, Context& context,
                         const Commit& commit) {
    context.check();
    message.required("MARKETPLACEAPP/ORIGIN_ID");
    const auto backend = services.backend(message);
    if (const std::string refusal = backend->refusal(Action::import); !refusal.empty())
        throw Error(ErrorKind::unsupported, refusal);
    message.required("DATASTORE/DS_MAD");

    const TransferSlots::Slot slot = services.transfers.acquire(context);
    const std::unique_ptr<ImageSource> image = export_image(services, message, context);
    const Disposal disposal(services.site, image->facts(), context);
    check_facts(image->facts());
    const PublishedApp app = backend->import(message, *image, context);
    if (!commit(app.source)) {
        Context own(context.id(), {}, services.remove_limit, context.log());
        backend->remove(message, app.source, own);
        throw Error(ErrorKind::cancelled, "cancelled");
    }
    context.log().log(LogLevel::debug, "imported to " + app.source);
    return base64_encode(app.text());
}

}  // namespace

std::optional<std::string> handle_import(const Services& services, const DriverMessage& message,
                                         Context& context, const Commit& commit) {
    const std::string type = message.required("MARKETPLACEAPP/TYPE");
    switch (message.app_type().value_or(AppType{})) {
        case AppType::image:
            return import_image(services, message, context, commit);
        case AppType::vm_template:
        case AppType::service_template:
            context.log().log(LogLevel::info,
                              "a template: nothing to import, and no answer is right for it");
            return std::nullopt;
    }
    throw Error(ErrorKind::unsupported, "Type " + type + " not supported");
}

}  // namespace onemarket
