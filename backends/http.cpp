// SPDX-License-Identifier: Apache-2.0
#include "backends/http.h"

#include "backends/checks/folder.h"
#include "backends/inventories/folder.h"
#include "backends/io/folder_manifests.h"
#include "backends/io/image_format.h"
#include "backends/io/public_dir.h"
#include "backends/io/pump.h"
#include "backends/io/remote_dir.h"
#include "protocol/iso_time.h"
#include "protocol/step.h"

namespace onemarket {
namespace {

constexpr uint64_t kMegabyte = uint64_t{1} << 20;
constexpr TimeLimit kTakeBackLimit{std::chrono::seconds(10), false};

// BASE_URL without the slashes an administrator may put at its end, or not.
std::string base_url(const DriverMessage& message) {
    std::string url = message.required_market("BASE_URL");
    while (url.ends_with('/')) url.pop_back();
    return url;
}

// The name of a published file in its SOURCE.
std::string name_in(const DriverMessage& message, const std::string& source) {
    const std::string prefix = base_url(message) + "/";
    if (!source.starts_with(prefix))
        throw Error(ErrorKind::bad_request, source + " is not below BASE_URL " + prefix);
    std::string name = source.substr(prefix.size());
    if (!is_public_name(name))
        throw Error(ErrorKind::bad_request, source + " is no name of a published file");
    return name;
}

// The source itself, where the folder says that there is no such file.
auto naming(const std::string& source, const auto& attempt) {
    try {
        return attempt();
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::not_found) throw;
        throw Error(ErrorKind::not_found, source + " is not in the marketplace");
    }
}

// A folder's file, with the folder it needs.
class PublishedReader : public Reader {
  public:
    PublishedReader(std::unique_ptr<Folder> folder, const std::string& name)
        : folder_(std::move(folder)), reader_(folder_->open(name)) {}
    Piece read(std::span<std::byte> buffer, Context& context) override {
        return reader_->read(buffer, context);
    }

  private:
    std::unique_ptr<Folder> folder_;
    std::unique_ptr<Reader> reader_;
};

void check_space(const Folder& folder, const Reader& reader) {
    const uint64_t needed = reader.allocated();
    if (needed == 0) return;
    const uint64_t free = folder.usage().free;
    if (needed > free)
        throw Error(ErrorKind::no_space, folder.name() + ": No space left: the image takes " +
                                             std::to_string((needed + kMegabyte - 1) / kMegabyte) +
                                             " MB, " + std::to_string(free / kMegabyte) +
                                             " MB are free");
}

// What a file was filled with.
struct Copied {
    uint64_t bytes = 0;
    std::string md5, sha256;  // the second may be empty
};

Copied copy(Reader& reader, const ImageFacts& facts, const Folder& folder, FolderFile& file,
            bool with_sha256, Context& context) {
    Digest md5("MD5");
    std::optional<Digest> sha256;
    if (with_sha256) sha256.emplace("SHA256");
    Digest* const beside = sha256 ? &*sha256 : nullptr;
    Copied copied;
    if (const auto clone = reader.file() < 0 ? nullptr : file.clone_from(reader.file())) {
        // Blocks are shared, nothing is to be copied. What was cloned is what gets hashed.
        NullSink nowhere;
        copied.bytes = pump(*clone, nowhere, md5, context, beside);
    } else {
        check_space(folder, reader);
        copied.bytes = pump(reader, file, md5, context, beside);
        check_unchanged(reader, facts.name());
    }
    copied.md5 = md5.finish();
    if (sha256) copied.sha256 = sha256->finish();
    return copied;
}

Manifest manifest_of(const DriverMessage& message, const ImageFacts& facts, const Copied& copied,
                     ObjectId app, const Site& site) {
    Manifest manifest;
    manifest.app = app;
    manifest.name = message.text("MARKETPLACEAPP/NAME").value_or("");
    manifest.bytes = copied.bytes;
    manifest.md5 = copied.md5;
    manifest.sha256 = copied.sha256;
    manifest.format = facts.format;
    manifest.time = to_iso_time(std::chrono::system_clock::now());
    manifest.driver = site.http.user_agent;
    return manifest;
}

// What is there of a killed import of the app takes room; it is no reason not to begin.
void remove_temporaries(Folder& folder, const DriverMessage& message, const Context& context) {
    try {
        folder.remove_temporaries(context.id());
    } catch (const Error& error) {
        // Else the host is lost.
        if (message.market("BRIDGE_LIST") && error.kind() != ErrorKind::permission) throw;
        context.log().log(LogLevel::warning, std::string("half an image stays: ") + error.what());
    }
}

// What imports of the app have left, and this one has published.
void discard_in(Folder& folder, const Context& context) {
    folder.remove_temporaries(context.id());
    if (context.record().resumed() || context.record().noted(kPublishingNote)) {
        try {
            folder.remove(image_name(context.id(), context.record().mark()));
        } catch (const Error& error) {
            if (error.kind() != ErrorKind::not_found) throw;
        }
    }
    remove_lost_manifests(folder, context.id(), context.log());
}

// The source may have been written to since it was looked at: what counts is what is published.
void check_copy(const ImageFacts& facts, FolderFile& file) {
    if (!facts.format_must_hold) return;
    const std::unique_ptr<RandomAccess> copy = file.content();
    const std::string fault = publishing_fault(
        facts.format, probe_image_format([&copy](uint64_t offset, std::span<std::byte> buffer) {
            return copy->read_at(offset, buffer);
        }));
    if (!fault.empty()) throw Error(ErrorKind::corrupt, facts.name() + ": " + fault);
}

}  // namespace

std::unique_ptr<Folder> HttpBackend::folder(const DriverMessage& message, Context& context) const {
    const std::string path = message.required_market("PUBLIC_DIR");
    const std::optional<std::string> bridges = message.market("BRIDGE_LIST");
    if (!bridges) return std::make_unique<PublicDir>(path);
    const SshSettings ssh = ssh_settings(site_);
    auto bridge = connect_bridge(ssh, bridge_hosts(*bridges), context.id(), context);
    return std::make_unique<RemoteDir>(ssh, std::move(bridge), path, context);
}

PublishedApp HttpBackend::import(const DriverMessage& message, ImageSource& image,
                                 Context& context) const {
    bool begun = false;
    try {
        return store(message, image, context, begun);
    } catch (const std::exception&) {
        // A host that is lost in the middle may keep the temporary, and so may a disk.
        if (begun && (!message.market("BRIDGE_LIST") || is_unreachable(caught_error().kind())))
            context.record().set_left(true);
        throw;
    }
}

PublishedApp HttpBackend::store(const DriverMessage& message, ImageSource& image, Context& context,
                                bool& begun) const {
    const std::string url = base_url(message);
    const std::unique_ptr<Folder> public_folder = folder(message, context);
    remove_temporaries(*public_folder, message, context);

    const std::unique_ptr<Reader> reader = image.open(context);
    const std::unique_ptr<FolderFile> file = public_folder->create(context.id());
    begun = true;
    const ImageFacts& facts = image.facts();
    const Copied copied = copy(*reader, facts, *public_folder, *file, site_.sha256, context);
    const std::string& md5 = copied.md5;
    facts.require_md5(md5);
    check_copy(facts, *file);
    context.check();
    const std::string name = image_name(context.id(), context.record().mark());
    PublishedApp app{url + "/" + name, md5, facts.size_mb, facts.format};
    context.record().note(kPublishingNote, app.text());
    const Manifest note = manifest_of(message, facts, copied, context.id(), site_);
    try {
        // Before the image, so that what can be seen has its manifest.
        public_folder->put(context.id(), manifest_name(name), manifest_text(note));
        step("publishing");
        file->publish(name);
        step("published");
    } catch (const std::exception&) {
        take_back_manifest(message, *public_folder, name, context);
        throw;
    }
    return app;
}

// From another host over a conversation of its own, with a time limit of its own: those of the
// request may be over. On this one from the folder that has it, wherever that is now.
void HttpBackend::take_back_manifest(const DriverMessage& message, Folder& public_folder,
                                     const std::string& image, Context& context) const {
    Context own(context.id(), {}, kTakeBackLimit, context.log());
    try {
        if (message.market("BRIDGE_LIST"))
            remove_manifest(*folder(message, own), image, own.log());
        else
            remove_manifest(public_folder, image, own.log());
    } catch (const Error& error) {
        own.log().log(LogLevel::warning, std::string("the manifest stays: ") + error.what());
        context.record().set_left(true);
    }
}

void HttpBackend::remove(const DriverMessage& message, const std::string& source,
                         Context& context) const {
    const std::string name = name_in(message, source);
    const std::unique_ptr<Folder> public_folder = folder(message, context);
    try {
        naming(source, [&] { public_folder->remove(name); });
    } catch (const Error& error) {
        // A DELETE that was cut off has left it.
        if (error.kind() == ErrorKind::not_found)
            remove_manifest(*public_folder, name, context.log());
        throw;
    }
    remove_manifest(*public_folder, name, context.log());
}

std::unique_ptr<Reader> HttpBackend::open(const DriverMessage& message, const std::string& source,
                                          Context& context) const {
    const std::string name = name_in(message, source);
    std::unique_ptr<Folder> public_folder = folder(message, context);
    return naming(
        source, [&] { return std::make_unique<PublishedReader>(std::move(public_folder), name); });
}

void HttpBackend::discard(const DriverMessage& message, Context& context) const {
    discard_in(*folder(message, context), context);
}

void HttpBackend::clear(const DriverMessage& message, Context& context) const {
    const std::unique_ptr<Folder> public_folder = folder(message, context);
    remove_images_of(*public_folder, context.id(), message.text("MARKETPLACEAPP/NAME").value_or(""),
                     context.log());
    discard_in(*public_folder, context);
}

void HttpBackend::confirm(const DriverMessage& message, const PublishedApp& app,
                          Context& context) const {
    const std::unique_ptr<Folder> public_folder = folder(message, context);
    public_folder->sync(name_in(message, app.source));
    public_folder->remove_temporaries(context.id());
}

std::unique_ptr<Inventory> HttpBackend::inventory(const DriverMessage& message,
                                                  Context& context) const {
    return std::make_unique<FolderInventory>(folder(message, context));
}

void HttpBackend::check(const DriverMessage& message, Context& context, Findings& findings) const {
    std::string url, path;
    std::vector<std::string> hosts;
    const bool described = findings.attempt("template", kCorrectTemplate, context, [&] {
        url = base_url(message);
        path = message.required_market("PUBLIC_DIR");
        if (const auto bridges = message.market("BRIDGE_LIST")) hosts = bridge_hosts(*bridges);
    });
    if (!described) return;
    if (hosts.empty())
        return check_folder({"PUBLIC_DIR " + path,
                             [&](Context&) { return std::make_unique<PublicDir>(path); }, url},
                            site_.http, context, findings);
    const SshSettings ssh = ssh_settings(site_);
    for (const std::string& host : hosts)
        check_folder({"PUBLIC_DIR " + host + ":" + path,
                      [&](Context& own) {
                          return std::make_unique<RemoteDir>(
                              ssh, std::make_unique<Bridge>(ssh, host, own), path, own);
                      },
                      url},
                     site_.http, context, findings);
}

std::string HttpBackend::monitor(const DriverMessage& message, Context& context) const {
    const Folder::Usage usage = folder(message, context)->usage();
    return "USED_MB=" + std::to_string((usage.used + kMegabyte - 1) / kMegabyte) +
           "\nFREE_MB=" + std::to_string(usage.free / kMegabyte) +
           "\nTOTAL_MB=" + std::to_string((usage.total + kMegabyte - 1) / kMegabyte) + "\n";
}

}  // namespace onemarket
