// SPDX-License-Identifier: Apache-2.0
// Source: an object of an S3 service, s3://bucket/key.
#pragma once

#include "backends/image_source.h"
#include "backends/io/s3/settings.h"
#include "backends/site.h"

namespace onemarket {

class S3Source : public ImageSource {
  public:
    // `key` of the target's bucket, asked for by open(). `site` must outlive this and its reader.
    S3Source(ImageFacts facts, S3Target target, std::string key, const Site& site)
        : ImageSource(std::move(facts)),
          target_(std::move(target)),
          key_(std::move(key)),
          site_(site) {}

    std::unique_ptr<Reader> open(Context& context) override;

  private:
    S3Target target_;
    std::string key_;
    const Site& site_;
};

}  // namespace onemarket
