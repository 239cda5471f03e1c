// SPDX-License-Identifier: Apache-2.0
// What can be done with a bucket, one function an operation of the S3 API ("Amazon S3 API
// Reference"). Each throws what S3Connection::send throws.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backends/io/s3/connection.h"

namespace onemarket {

// Tells an import's object from any other of the same key.
inline constexpr const char* kS3ImportHeader = "x-amz-meta-import";

// A value of an object's metadata or tags, trimmed; empty where there is none of that name.
std::string value_of(const HttpHeaders& values, std::string_view name);

// Not thread-safe: one for each thread.
class S3Bucket {
  public:
    S3Bucket(const S3Target& target, const HttpSettings& http, const RetryPolicy& policy)
        : connection_(target, http, policy) {}

    const S3Target& target() const { return connection_.target(); }
    const RetryPolicy& policy() const { return connection_.policy(); }

    // CreateBucket. One that is ours already is as good as new.
    void create(Context& context);

    struct Object {
        std::string key;
        uint64_t size = 0;     // bytes
        std::string modified;  // as the service writes it
    };
    struct Page {
        std::vector<Object> objects;  // by key, each behind the one before
        std::string next;             // token of the page that follows; empty: this is the last
    };
    // ListObjectsV2. An answer that is not complete in itself, or does not come behind `after`, the
    // last key of the page before, is an Error (corrupt).
    Page list(const std::string& prefix, const std::string& token, const std::string& after,
              size_t most, Context& context);

    // All objects of a prefix, by key. Throws Error (limit) when the list has more than
    // `most_pages`.
    void each_object(const std::string& prefix, size_t most_pages,
                     const std::function<void(const Object&)>& visit, Context& context);

    // Whether there is an object of this name. By listing: unlike that of HEAD, its refusal says
    // why.
    bool contains(const std::string& key, Context& context);

    struct Head {
        uint64_t size = 0;  // bytes
        std::string etag;   // without quotes, in lower case
        // What the import that made it wrote into its metadata: kS3ImportHeader.
        std::string import;
        HttpHeaders metadata;  // names in lower case, without x-amz-meta-
        // Its ETag is not an MD5 of anything: the service encrypts with keys of its own.
        bool opaque_etag = false;
    };
    // HeadObject; nothing when there is no such object.
    std::optional<Head> head(const std::string& key, Context& context);

    // GetObject, whole or, with a header `range`, a part of it; the bucket must outlive the answer.
    std::unique_ptr<HttpStream> get(const std::string& key, const HttpHeaders& headers,
                                    Context& context);

    // PutObject, tried once: what a lost answer means is for the caller to find out. `sha256` of
    // the body in hex, which the service checks.
    void put(const std::string& key, const HttpHeaders& metadata, const HttpBody& body,
             const std::string& sha256, Context& context);
    // PutObjectTagging.
    void tag(const std::string& key, const HttpHeaders& tags, Context& context);
    // GetObjectTagging.
    HttpHeaders tags(const std::string& key, Context& context);
    // DeleteObject; one that is not there is as good as deleted.
    void remove(const std::string& key, Context& context);

    // CreateMultipartUpload; returns its id. `repeated` is set where the answer of an attempt was
    // lost, so that there may be another upload nobody knows.
    std::string begin_upload(const std::string& key, const HttpHeaders& metadata, bool& repeated,
                             Context& context);
    // UploadPart; returns its ETag.
    std::string upload_part(const std::string& key, const std::string& upload, uint64_t number,
                            const HttpBody& body, const std::string& sha256, Context& context);
    struct UploadedPart {
        uint64_t size = 0;  // bytes
        std::string etag;   // as it came
    };
    // ListParts, by number; nothing when there is no such upload.
    std::optional<std::map<uint64_t, UploadedPart>> parts_of(const std::string& key,
                                                             const std::string& upload,
                                                             Context& context);
    // CompleteMultipartUpload, tried once: what a lost answer means is for the caller to find out.
    void complete_upload(const std::string& key, const std::string& upload,
                         const std::vector<std::string>& etags, Context& context);
    // AbortMultipartUpload; one that is not there is as good as aborted.
    void abort_upload(const std::string& key, const std::string& upload, Context& context);
    // ListMultipartUploads: ids of those that are pending for exactly this key.
    std::vector<std::string> uploads_of(const std::string& key, Context& context);

    struct Upload {
        std::string key, id;
        std::string initiated;  // as the service writes it
    };
    // ListMultipartUploads: all that are pending for keys that begin so, or an Error.
    std::vector<Upload> uploads(const std::string& prefix, Context& context);

  private:
    using UploadRow = XmlDocument::Row;  // Key, UploadId, Initiated
    // `visit` each row of the list of pending uploads, until a page ends behind what is wanted.
    void each_upload(const std::string& prefix, const std::function<void(UploadRow&)>& visit,
                     const std::function<bool(const std::string& last_key)>& is_behind,
                     Context& context);

    S3Connection connection_;
};

}  // namespace onemarket
