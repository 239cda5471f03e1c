// SPDX-License-Identifier: Apache-2.0
#include "backends/inventories/bucket.h"

#include <algorithm>
#include <limits>

#include "backends/io/digest.h"
#include "backends/io/s3/object_reader.h"
#include "backends/io/url.h"
#include "protocol/ascii.h"
#include "protocol/iso_time.h"
#include "protocol/utf8.h"

namespace onemarket {
namespace {

using Kind = StoredObject::Kind;

constexpr size_t kMaxPages = 1000;

// Metadata are percent-encoded where they are text.
std::string decoded(std::string_view text) {
    return repair_utf8(percent_decode(text));
}

// A hash of `what` that is noted; one that is none is a fault of the note.
std::string hash_of(const std::string& value, bool (*is)(std::string_view), const std::string& key,
                    const char* what) {
    if (!value.empty() && !is(value))
        throw Error(ErrorKind::corrupt, key + ": its " + what + " is none");
    return ascii::to_lower(value);
}

// <64 hex digits>-<number>
bool is_hash_of_parts(std::string_view text) {
    const size_t dash = text.find('-');
    return dash != std::string_view::npos && is_sha256(text.substr(0, dash)) &&
           ascii::parse_number<uint64_t>(text.substr(dash + 1)).value_or(0) > 0;
}

}  // namespace

StoredObject BucketInventory::named(Kind kind, const std::string& key,
                                    const std::string& time) const {
    StoredObject object;
    object.name = key;
    const auto app =
        ascii::parse_number<ObjectId>(std::string_view(key).substr(settings_.key_prefix().size()));
    if (app && settings_.key_of(*app) == key) {
        object.kind = kind;
        object.app = app;
    } else if (settings_.is_probe(key)) {  // of a check that was killed
        object.kind = kind == Kind::image ? Kind::temporary : kind;
        object.app = std::numeric_limits<ObjectId>::max();
    }
    // One whose age nobody knows is as good as new.
    object.time = parse_iso_time(time).value_or(std::chrono::system_clock::now());
    return object;
}

std::vector<StoredObject> BucketInventory::list(Context& context) {
    std::vector<StoredObject> objects;
    try {
        bucket_->each_object(
            settings_.key_prefix(), kMaxPages,
            [&](const S3Bucket::Object& found) {
                objects.push_back(named(Kind::image, found.key, found.modified));
                objects.back().bytes = found.size;
            },
            context);
        for (const S3Bucket::Upload& found : bucket_->uploads(settings_.key_prefix(), context)) {
            objects.push_back(named(Kind::upload, found.key, found.initiated));
            objects.back().upload = found.id;
        }
    } catch (const S3Error& error) {
        if (error.code() == "NoSuchBucket") return {};  // the first import makes it
        throw;
    }
    std::stable_sort(objects.begin(), objects.end(),
                     [](const auto& a, const auto& b) { return a.name < b.name; });
    return objects;
}

// None where the service has no such thing.
HttpHeaders BucketInventory::tags_of(const std::string& key, Context& context) {
    try {
        return bucket_->tags(key, context);
    } catch (const S3Error& error) {
        if (error.kind() != ErrorKind::unsupported && error.kind() != ErrorKind::not_found) throw;
        return {};
    }
}

std::optional<Manifest> BucketInventory::manifest(const StoredObject& image, Context& context) {
    const std::optional<S3Bucket::Head> head = bucket_->head(image.name, context);
    if (!head || head->import.empty()) return std::nullopt;  // not made by this driver
    const auto value = [&](const char* name) { return value_of(head->metadata, name); };
    const std::string& key = image.name;
    Manifest manifest;
    manifest.app = image.app;
    manifest.name = decoded(value("app"));
    manifest.format = decoded(value("format"));
    manifest.bytes = ascii::parse_number<uint64_t>(value("size"));
    manifest.md5 = hash_of(value("md5"), is_md5, key, "MD5");
    manifest.sha256 = hash_of(value("sha256"), is_sha256, key, "SHA-256");
    if (!manifest.md5.empty()) return manifest;
    const HttpHeaders tags = tags_of(key, context);
    manifest.md5 = hash_of(value_of(tags, "md5"), is_md5, key, "MD5");
    manifest.part_bytes = ascii::parse_number<uint64_t>(value_of(tags, "part-size")).value_or(0);
    if (manifest.part_bytes > 0)
        manifest.sha256_of_parts = hash_of(value_of(tags, "sha256-of-parts"), is_hash_of_parts, key,
                                           "SHA-256 of its parts");
    // A service without tags: the size alone proves too little.
    return manifest.md5.empty() ? std::nullopt : std::optional(manifest);
}

bool BucketInventory::is_foreign(const StoredObject& image, Context& context) {
    const std::optional<S3Bucket::Head> head = bucket_->head(image.name, context);
    return head && head->import.empty();
}

std::unique_ptr<Reader> BucketInventory::open(const StoredObject& image, Context& context) {
    return read_object(bucket_, image.name, settings_.source_of(image.name), context);
}

void BucketInventory::remove(const StoredObject& object, Context& context) {
    if (object.kind == Kind::upload)
        bucket_->abort_upload(object.name, object.upload, context);
    else
        bucket_->remove(object.name, context);
}

}  // namespace onemarket
