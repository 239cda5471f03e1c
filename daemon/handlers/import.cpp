// SPDX-License-Identifier: Apache-2.0
#include "daemon/handlers/import.h"

#include "backends/io/paced_reader.h"
#include "backends/io/pump.h"
#include "backends/io/subprocess.h"
#include "backends/io/url.h"
#include "backends/site_script.h"
#include "protocol/ascii.h"
#include "protocol/base64.h"
#include "protocol/step.h"

namespace onemarket {
namespace {

constexpr TimeLimit kDisposeLimit{std::chrono::seconds(60), false};
constexpr TimeLimit kDiscardLimit{std::chrono::seconds(60), false};

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

// An image that is read no quicker than all imports together may.
class PacedImage : public ImageSource {
  public:
    PacedImage(std::unique_ptr<ImageSource> image, std::shared_ptr<Bandwidth> bandwidth)
        : ImageSource(image->facts()), image_(std::move(image)), bandwidth_(std::move(bandwidth)) {}

    std::unique_ptr<Reader> open(Context& context) override {
        return std::make_unique<PacedReader>(image_->open(context), bandwidth_);
    }

  private:
    std::unique_ptr<ImageSource> image_;
    std::shared_ptr<Bandwidth> bandwidth_;
};

// One that is not limited keeps what only a file can do.
std::unique_ptr<ImageSource> paced(const Services& services, std::unique_ptr<ImageSource> image) {
    if (!services.bandwidth || !services.bandwidth->limited()) return image;
    return std::make_unique<PacedImage>(std::move(image), services.bandwidth);
}

// Without these oned would put the app in ERROR when all is done, and the image would stay.
void check_facts(const ImageFacts& facts) {
    if (!ascii::parse_number(facts.size_mb))
        throw Error(ErrorKind::corrupt,
                    "the image's SIZE '" + facts.size_mb + "' is no whole number of MB");
    if (facts.format.empty()) throw Error(ErrorKind::corrupt, "the image has no FORMAT");
}

// The answer, unless it was cancelled meanwhile: then it is taken back.
std::string settle(const Backend& backend, const DriverMessage& message, const PublishedApp& app,
                   const Services& services, Context& context, const Commit& commit) {
    if (!commit(app.source)) {
        Context own(context.id(), {}, services.remove_limit, context.log());
        context.record().set_left(true);  // unless the next line comes to its end
        backend.remove(message, app.source, own);
        context.record().set_left(false);
        throw Error(ErrorKind::cancelled, "cancelled");
    }
    step("committed");
    context.log().log(LogLevel::debug, "imported to " + app.source);
    return base64_encode(app.text());
}

// Whatever ended the request must not end this. Of what kind its failure is, where that may pass.
std::optional<ErrorKind> discard(const Backend& backend, const DriverMessage& message,
                                 const Context& context, LogLevel level) {
    Context own(context.id(), {}, kDiscardLimit, context.log());
    own.keep_as(context);
    try {
        backend.discard(message, own);
        return std::nullopt;
    } catch (const std::exception&) {
        const Error error = caught_error();
        own.log().log(level, std::string("looking for leftovers: ") + error.what());
        if (may_be_cleared_later(error.kind())) return error.kind();
        return std::nullopt;
    }
}

// What an earlier life was about to publish, where it has done so.
std::optional<PublishedApp> published_before(const Backend& backend, const DriverMessage& message,
                                             Context& context) {
    const std::optional<std::string> note = context.record().noted(kPublishingNote);
    if (!note) return std::nullopt;
    const Result<PublishedApp> app = parse_published_app(*note);
    if (!app) throw Error(ErrorKind::corrupt, "the journal's note " + app.reason());
    try {
        if (md5_of(*backend.open(message, app->source, context), context) == app->md5) return *app;
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::not_found) throw;
        return std::nullopt;
    }
    throw Error(ErrorKind::corrupt, app->source +
                                        ": published by an earlier start of the driver, and had "
                                        "other bytes now");
}

bool is_too_old(const EarlierLives& earlier) {
    return earlier.age > kMaxAge && earlier.delays >= kFewestDelays;
}

// Why it is not to be tried again; empty where it is. `begun`: some time before.
std::string reason_to_give_up(const Services& services, const Backend& backend,
                              const EarlierLives& earlier, bool begun) {
    if (!services.config.resume_imports)
        return std::string("the driver was ended ") + (begun ? "while it ran" : "before it began") +
               ", and RESUME_IMPORTS is off";
    if (earlier.attempts >= kMaxAttempts)
        return "given up: the driver was ended " + std::to_string(earlier.attempts) +
               " times while it ran";
    if (is_too_old(earlier)) return "given up: it is older than seven days";
    if (begun && !backend.can_resume())
        return "the driver was ended while the site's script ran; nobody knows what that has done";
    return "";
}

// What an import leaves that fails: nothing, or the record says so. Throws PutOff where it is not
// the end of it.
void clear_away(const Backend& backend, const DriverMessage& message, Context& context,
                const EarlierLives& earlier, const Error& failure) {
    ImportRecord& record = context.record();
    if (record.suspended()) return;
    const bool waits = record.tried_again();
    if (waits && is_unreachable(failure.kind())) throw PutOff(failure.kind(), failure.what());
    // What an earlier life has left, this one may not even have come to.
    if (!record.resumed() && !record.left()) return;
    const std::optional<ErrorKind> obstacle = discard(
        backend, message, context, earlier.delays == 0 ? LogLevel::warning : LogLevel::debug);
    // It is the marketplace that refuses, not the image's place.
    if (waits && failure.kind() == ErrorKind::permission && obstacle == failure.kind())
        throw PutOff(failure.kind(), failure.what());
    record.set_left(obstacle.has_value());
}

std::string carry_out(const Services& services, const Backend& backend,
                      const DriverMessage& message, Context& context, const EarlierLives& earlier,
                      const Commit& commit) {
    context.check();
    context.transfer().enter(Transfer::Stage::queued);
    const TransferSlots::Slot slot = services.transfers.acquire(context);
    context.transfer().enter(Transfer::Stage::preparing);
    const bool resumed = context.record().resumed();
    if (resumed) {
        if (const auto app = published_before(backend, message, context)) {
            backend.confirm(message, *app, context);
            return settle(backend, message, *app, services, context, commit);
        }
    }
    if (earlier.any) {
        const std::string reason = reason_to_give_up(services, backend, earlier, resumed);
        if (!reason.empty()) throw Error(ErrorKind::unavailable, reason);
    }
    if (resumed) {
        context.log().log(earlier.delays == 0 ? LogLevel::info : LogLevel::debug,
                          "going on with the import");
    }
    context.record().begin();
    const auto image = paced(services, export_image(services, message, context));
    context.log().hide(secrets_of(image->facts().location));
    const Disposal disposal(services.site, image->facts(), context);
    check_facts(image->facts());
    step("exported");
    const PublishedApp app = backend.import(message, *image, context);
    return settle(backend, message, app, services, context, commit);
}

// A marketplace that is not served any more was, when it was accepted: somebody has mistyped -m.
std::shared_ptr<const Backend> backend_of(const Services& services, const DriverMessage& message,
                                          Context& context, const EarlierLives& earlier) {
    try {
        return services.backend(message);
    } catch (const Error& error) {
        const bool waits = earlier.any && services.config.resume_imports && !is_too_old(earlier);
        if (waits && !context.stop_token().stop_requested())
            throw PutOff(error.kind(), error.what());
        // What an earlier life has left stays until its marketplace is served again.
        ImportRecord& record = context.record();
        if (record.resumed() && !record.suspended()) record.set_left(true);
        context.check();
        throw;
    }
}

std::string import_image(const Services& services, const DriverMessage& message, Context& context,
                         const EarlierLives& earlier, const Commit& commit) {
    message.required("MARKETPLACEAPP/ORIGIN_ID");
    const auto backend = backend_of(services, message, context, earlier);
    if (const std::string refusal = backend->refusal(Action::import); !refusal.empty())
        throw Error(ErrorKind::unsupported, refusal);
    message.required("DATASTORE/DS_MAD");
    context.record().set_tried_again(earlier.any &&
                                     reason_to_give_up(services, *backend, earlier, true).empty());
    try {
        return carry_out(services, *backend, message, context, earlier, commit);
    } catch (const std::exception&) {
        clear_away(*backend, message, context, earlier, caught_error());
        throw;
    }
}

}  // namespace

std::optional<std::string> handle_import(const Services& services, const DriverMessage& message,
                                         Context& context, const EarlierLives& earlier,
                                         const Commit& commit) {
    const std::string type = message.required("MARKETPLACEAPP/TYPE");
    switch (message.app_type().value_or(AppType{})) {
        case AppType::image:
            return import_image(services, message, context, earlier, commit);
        case AppType::vm_template:
        case AppType::service_template:
            context.log().log(LogLevel::info,
                              "a template: nothing to import, and no answer is right for it");
            return std::nullopt;
    }
    throw Error(ErrorKind::unsupported, "Type " + type + " not supported");
}

}  // namespace onemarket
