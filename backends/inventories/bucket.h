// SPDX-License-Identifier: Apache-2.0
// What of a marketplace's is in its bucket: keys that begin as those of its apps do.
#pragma once

#include <memory>

#include "backends/inventory.h"
#include "backends/io/s3/bucket.h"
#include "backends/io/s3/settings.h"

namespace onemarket {

class BucketInventory : public Inventory {
  public:
    // `http` must outlive it.
    BucketInventory(S3Settings settings, const HttpSettings& http, const RetryPolicy& retries)
        : settings_(std::move(settings)),
          bucket_(std::make_shared<S3Bucket>(settings_.target, http, retries)) {}

    std::vector<StoredObject> list(Context& context) override;
    // Of the object's metadata and tags.
    std::optional<Manifest> manifest(const StoredObject& image, Context& context) override;
    // Without our mark in its metadata: of the stock driver, or put in the place of ours.
    bool is_foreign(const StoredObject& image, Context& context) override;
    std::unique_ptr<Reader> open(const StoredObject& image, Context& context) override;
    void remove(const StoredObject& object, Context& context) override;

  private:
    HttpHeaders tags_of(const std::string& key, Context& context);
    StoredObject named(StoredObject::Kind kind, const std::string& key,
                       const std::string& time) const;

    S3Settings settings_;
    std::shared_ptr<S3Bucket> bucket_;
};

}  // namespace onemarket
