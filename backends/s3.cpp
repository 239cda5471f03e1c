// SPDX-License-Identifier: Apache-2.0
#include "backends/s3.h"

#include <cstring>

#include "backends/checks/bucket.h"
#include "backends/inventories/bucket.h"
#include "backends/io/image_format.h"
#include "backends/io/pump.h"
#include "backends/io/s3/object_reader.h"
#include "backends/io/s3/upload.h"
#include "backends/io/url.h"
#include "protocol/ascii.h"
#include "protocol/step.h"
#include "protocol/utf8.h"

namespace onemarket {
namespace {

constexpr uint64_t kMegabyte = uint64_t{1} << 20;
constexpr size_t kMaxPages = 100'000;  // of a list: nobody has so many apps

S3Bucket bucket_of(const S3Settings& settings, const Site& site) {
    return {settings.target, site.http, site.retries};
}

// The key of an app that is to be stored, in a bucket that is there.
std::string free_key(const S3Settings& settings, S3Bucket& bucket, Context& context) {
    std::string key = settings.key_of(context.id());
    try {
        if (!bucket.contains(key, context)) return key;
        // What an earlier life had asked for may have come since.
        if (context.record().resumed()) {
            const auto head = bucket.head(key, context);
            if (head && head->import == context.record().mark()) {
                bucket.remove(key, context);
                return key;
            }
        }
    } catch (const S3Error& error) {
        if (error.code() != "NoSuchBucket") throw;
        context.log().log(LogLevel::info, "creating BUCKET " + settings.target.bucket);
        bucket.create(context);
        return key;
    }
    throw Error(ErrorKind::bad_request,
                "BUCKET " + settings.target.bucket + " has an object " + key + " already");
}

// What a stream that does not tell will be at most: its image's size, and what a format adds to it.
uint64_t expected_bytes(const Reader& reader, const ImageFacts& facts) {
    if (const auto length = reader.length()) return *length;
    const uint64_t megabytes = ascii::parse_number<uint64_t>(facts.size_mb).value_or(0);
    return (megabytes + megabytes / 100 + 64) * kMegabyte;
}

// The source may have been written to since it was looked at: what counts is what was sent.
void check_format(const ImageFacts& facts, std::span<const std::byte> head,
                  const RandomAccess* rest) {
    if (!facts.format_must_hold) return;
    const std::string fault = publishing_fault(
        facts.format, probe_image_format([&](uint64_t offset, std::span<std::byte> buffer) {
            if (offset >= head.size()) return rest == nullptr ? 0 : rest->read_at(offset, buffer);
            const size_t size = std::min(buffer.size(), head.size() - offset);
            std::memcpy(buffer.data(), head.data() + offset, size);
            return size;
        }));
    if (!fault.empty()) throw Error(ErrorKind::corrupt, facts.name() + ": " + fault);
}

// The key a SOURCE of this marketplace names.
std::string key_of_source(const S3Settings& settings, const std::string& source) {
    const std::string begin = settings.source_of("");
    if (!source.starts_with(begin))
        throw Error(ErrorKind::bad_request, source + " is not in BUCKET " + settings.target.bucket);
    std::string key = source.substr(begin.size());
    if (key.empty() || key == "." || key == ".." || key.find('/') != std::string::npos)
        throw Error(ErrorKind::bad_request, source + " is no name of a published object");
    return key;
}

// True where an import of this driver has made the object for an app of this name. Two OpenNebulas
// may share a bucket: the number alone does not tell an app.
bool is_of(const S3Bucket::Head& head, const std::string& name) {
    return !head.import.empty() &&
           percent_decode(value_of(head.metadata, "app")) == truncate_utf8(name, kS3MaxNameBytes);
}

uint64_t bytes_used(const S3Settings& settings, S3Bucket& bucket, Context& context) {
    uint64_t bytes = 0;
    bucket.each_object(
        settings.key_prefix(), kMaxPages,
        [&bytes](const S3Bucket::Object& object) { bytes += object.size; }, context);
    return bytes;
}

// Fills the upload, and publishes it at `source`.
PublishedApp send(Reader& reader, const ImageFacts& facts, const std::string& source,
                  S3Upload& upload, Context& context) {
    if (context.record().resumed()) upload.take_up();
    Digest digest("MD5");
    pump(reader, upload, digest, context);
    const std::string md5 = digest.finish();
    facts.require_md5(md5);
    check_format(facts, upload.head(), reader.random_access());
    // Parts are read a second time to be sent: what was hashed must be what is there.
    check_unchanged(reader, facts.name());
    context.check();
    PublishedApp app{source, md5, facts.size_mb, facts.format};
    context.record().note(kPublishingNote, app.text());
    step("publishing");
    upload.publish(md5);
    step("published");
    return app;
}

}  // namespace

PublishedApp S3Backend::import(const DriverMessage& message, ImageSource& image,
                               Context& context) const {
    const S3Settings settings = s3_settings(message);
    S3Bucket bucket = bucket_of(settings, site_);
    const std::string key = free_key(settings, bucket, context);

    const std::unique_ptr<Reader> reader = image.open(context);
    const ImageFacts& facts = image.facts();
    S3Upload upload(bucket, site_.http,
                    {.key = key,
                     .format = facts.format,
                     .app_name = message.text("MARKETPLACEAPP/NAME").value_or(""),
                     .expected_bytes = expected_bytes(*reader, facts),
                     .part_bytes = settings.part_bytes,
                     .parallel = site_.s3_parallel_parts,
                     .bytes = reader->random_access()},
                    context);
    try {
        return send(*reader, facts, settings.source_of(key), upload, context);
    } catch (const Error& error) {
        if (context.record().tried_again() && is_unreachable(error.kind())) upload.keep();
        throw;
    }
}

void S3Backend::remove(const DriverMessage& message, const std::string& source,
                       Context& context) const {
    const S3Settings settings = s3_settings(message);
    const std::string key = key_of_source(settings, source);
    S3Bucket bucket = bucket_of(settings, site_);
    const Error gone(ErrorKind::not_found, source + " is not in the marketplace");
    try {
        if (!bucket.contains(key, context)) throw gone;
    } catch (const S3Error& error) {
        if (error.code() != "NoSuchBucket") throw;
        throw gone;
    }
    bucket.remove(key, context);
}

std::unique_ptr<Reader> S3Backend::open(const DriverMessage& message, const std::string& source,
                                        Context& context) const {
    const S3Settings settings = s3_settings(message);
    const std::string key = key_of_source(settings, source);
    const auto bucket = std::make_shared<S3Bucket>(settings.target, site_.http, site_.retries);
    try {
        return read_object(bucket, key, source, context);
    } catch (const S3Error& error) {
        if (error.kind() != ErrorKind::not_found) throw;
        throw Error(ErrorKind::not_found, source + " is not in the marketplace");
    }
}

void S3Backend::discard(const DriverMessage& message, Context& context) const {
    const S3Settings settings = s3_settings(message);
    const std::string key = settings.key_of(context.id());
    S3Bucket bucket = bucket_of(settings, site_);
    try {
        for (const std::string& upload : bucket.uploads_of(key, context))
            bucket.abort_upload(key, upload, context);
        const ImportRecord& record = context.record();
        if (!record.resumed() && !record.noted(kPublishingNote)) return;
        const auto head = bucket.head(key, context);
        if (head && head->import == context.record().mark()) bucket.remove(key, context);
    } catch (const S3Error& error) {
        if (error.code() != "NoSuchBucket") throw;
    }
}

void S3Backend::clear(const DriverMessage& message, Context& context) const {
    discard(message, context);
    const S3Settings settings = s3_settings(message);
    const std::string key = settings.key_of(context.id());
    S3Bucket bucket = bucket_of(settings, site_);
    try {
        const auto head = bucket.head(key, context);
        if (!head || !is_of(*head, message.text("MARKETPLACEAPP/NAME").value_or(""))) return;
        bucket.remove(key, context);
        context.log().log(LogLevel::info,
                          "removed " + settings.source_of(key) + ", of which oned was never told");
    } catch (const S3Error& error) {
        if (error.code() != "NoSuchBucket") throw;
    }
}

// Of several parts the MD5 becomes known last, and is a tag. Nobody depends on it.
void S3Backend::confirm(const DriverMessage& message, const PublishedApp& app,
                        Context& context) const {
    const S3Settings settings = s3_settings(message);
    const std::string key = key_of_source(settings, app.source);
    S3Bucket bucket = bucket_of(settings, site_);
    try {
        const auto head = bucket.head(key, context);
        if (!head || !value_of(head->metadata, "md5").empty() || !bucket.tags(key, context).empty())
            return;
        bucket.tag(key, {{"md5", app.md5}}, context);
    } catch (const Error& error) {
        if (error.kind() == ErrorKind::cancelled || error.kind() == ErrorKind::timeout) throw;
        context.log().log(LogLevel::debug, std::string("no tags: ") + error.what());
    }
}

std::unique_ptr<Inventory> S3Backend::inventory(const DriverMessage& message, Context&) const {
    return std::make_unique<BucketInventory>(s3_settings(message), site_.http, site_.retries);
}

void S3Backend::check(const DriverMessage& message, Context& context, Findings& findings) const {
    std::optional<S3Settings> settings;
    findings.attempt("template", kCorrectTemplate, context,
                     [&] { settings = s3_settings(message); });
    if (settings) check_bucket(*settings, site_, context, findings);
}

std::string S3Backend::monitor(const DriverMessage& message, Context& context) const {
    const S3Settings settings = s3_settings(message);
    S3Bucket bucket = bucket_of(settings, site_);
    uint64_t used = 0;
    try {
        used = (bytes_used(settings, bucket, context) + kMegabyte - 1) / kMegabyte;
    } catch (const S3Error& error) {
        if (error.code() != "NoSuchBucket") throw;  // the first import makes it
    }
    const uint64_t free = settings.total_mb > used ? settings.total_mb - used : 0;
    return "USED_MB=" + std::to_string(used) + "\nFREE_MB=" + std::to_string(free) +
           "\nTOTAL_MB=" + std::to_string(settings.total_mb) + "\n";
}

}  // namespace onemarket
