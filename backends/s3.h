// SPDX-License-Identifier: Apache-2.0
// Marketplace `s3`: a bucket of Amazon S3, Ceph or another service that speaks S3.
// docs/markets/s3.md describes its attributes.
#pragma once

#include "backends/backend.h"
#include "backends/site.h"

namespace onemarket {

class S3Backend : public Backend {
  public:
    // `site` must outlive it.
    explicit S3Backend(const Site& site) : site_(site) {}

    bool serves(const DriverMessage&) const override { return true; }
    PublishedApp import(const DriverMessage& message, ImageSource& image,
                        Context& context) const override;
    void remove(const DriverMessage& message, const std::string& source,
                Context& context) const override;
    void discard(const DriverMessage& message, Context& context) const override;
    void clear(const DriverMessage& message, Context& context) const override;
    void confirm(const DriverMessage& message, const PublishedApp& app,
                 Context& context) const override;
    std::unique_ptr<Reader> open(const DriverMessage& message, const std::string& source,
                                 Context& context) const override;
    std::unique_ptr<Inventory> inventory(const DriverMessage& message,
                                         Context& context) const override;
    void check(const DriverMessage& message, Context& context, Findings& findings) const override;
    std::string monitor(const DriverMessage& message, Context& context) const override;

  private:
    const Site& site_;
};

}  // namespace onemarket
