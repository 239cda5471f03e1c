// SPDX-License-Identifier: Apache-2.0
#include "backends/http.h"

#include "backends/io/image_format.h"
#include "backends/io/public_dir.h"
#include "backends/io/pump.h"
#include "backends/io/random.h"

namespace onemarket {
namespace {

constexpr uint64_t kMegabyte = uint64_t{1} << 20;

// BASE_URL without the slashes an administrator may put at its end, or not.
std::string base_url(const DriverMessage& message) {
    std::string url = message.required_market("BASE_URL");
    while (url.ends_with('/')) url.pop_back();
    return url;
}

PublicDir public_dir(const DriverMessage& message) {
    return PublicDir(message.required_market("PUBLIC_DIR"));
}

std::string new_name(ObjectId app) {
    return "marketapp-" + std::to_string(app) + "-" + random_hex();
}

void check_space(const PublicDir& dir, const Reader& reader) {
    const uint64_t free = dir.usage().free;
    const uint64_t needed = reader.allocated();
    if (needed > free)
        throw Error(ErrorKind::no_space,
                    "PUBLIC_DIR " + dir.path() + ": No space left: the image takes " +
                        std::to_string((needed + kMegabyte - 1) / kMegabyte) + " MB, " +
                        std::to_string(free / kMegabyte) + " MB are free");
}

// Fills the publication and returns the MD5 of what it holds.
std::string copy(Reader& reader, PublicDir& dir, Publication& publication, Context& context) {
    Digest md5("MD5");
    if (reader.file() >= 0 && publication.clone_from(reader.file())) {
        // Blocks are shared, nothing is to be copied. What was cloned is what gets hashed.
        FileReader clone = publication.reread();
        NullSink nowhere;
        pump(clone, nowhere, md5, context);
    } else {
        check_space(dir, reader);
        pump(reader, publication, md5, context);
    }
    return md5.finish();
}

// The source may have been written to since it was looked at: what counts is what is published.
void check_copy(const ImageFacts& facts, const Publication& publication) {
    if (!facts.format_confirmed) return;
    const FileReader copy = publication.reread();
    const std::string fault = publishing_fault(
        facts.format, probe_image_format([&copy](uint64_t offset, std::span<std::byte> buffer) {
            return copy.read_at(offset, buffer);
        }));
    if (!fault.empty()) throw Error(ErrorKind::corrupt, facts.location + ": " + fault);
}

}  // namespace

bool HttpBackend::serves(const DriverMessage& message) const {
    return !message.market("BRIDGE_LIST");
}

PublishedApp HttpBackend::import(const DriverMessage& message, ImageSource& image,
                                 Context& context) const {
    const std::string url = base_url(message);
    PublicDir dir = public_dir(message);
    dir.remove_temporaries(context.id());

    const std::unique_ptr<Reader> reader = image.open(context);
    Publication publication(dir, context.id());
    const std::string md5 = copy(*reader, dir, publication, context);
    const ImageFacts& facts = image.facts();
    if (!facts.md5.empty() && facts.md5 != md5)
        throw Error(ErrorKind::corrupt, facts.location + ": the datastore promised MD5 " +
                                            facts.md5 + ", its bytes have " + md5);
    check_copy(facts, publication);
    context.check();
    const std::string name = new_name(context.id());
    publication.publish(name);
    return {url + "/" + name, md5, facts.size_mb, facts.format};
}

void HttpBackend::remove(const DriverMessage& message, const std::string& source, Context&) const {
    const std::string prefix = base_url(message) + "/";
    if (!source.starts_with(prefix))
        throw Error(ErrorKind::bad_request, source + " is not below BASE_URL " + prefix);
    const std::string name = source.substr(prefix.size());
    if (!is_public_name(name))
        throw Error(ErrorKind::bad_request, source + " is no name of a published file");

    PublicDir dir = public_dir(message);
    try {
        dir.remove(name);
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::not_found) throw;
        throw Error(ErrorKind::not_found, source + " is not in the marketplace");
    }
}

void HttpBackend::discard(const DriverMessage& message, Context& context) const {
    public_dir(message).remove_temporaries(context.id());
}

std::string HttpBackend::monitor(const DriverMessage& message, Context&) const {
    const PublicDir::Usage usage = public_dir(message).usage();
    return "USED_MB=" + std::to_string((usage.used + kMegabyte - 1) / kMegabyte) +
           "\nFREE_MB=" + std::to_string(usage.free / kMegabyte) +
           "\nTOTAL_MB=" + std::to_string((usage.total + kMegabyte - 1) / kMegabyte) + "\n";
}

}  // namespace onemarket
