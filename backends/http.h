// SPDX-License-Identifier: Apache-2.0
// Marketplace `http`: a folder that a web server shows, of this host or of bridge hosts.
#pragma once

#include "backends/backend.h"
#include "backends/io/folder.h"
#include "backends/site.h"

namespace onemarket {

// PUBLIC_DIR is the folder, BASE_URL its address; with a BRIDGE_LIST the folder is on each of those
// hosts.
class HttpBackend : public Backend {
  public:
    // `site` must outlive this.
    explicit HttpBackend(const Site& site) : site_(site) {}

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
    PublishedApp store(const DriverMessage& message, ImageSource& image, Context& context,
                       bool& begun) const;
    std::unique_ptr<Folder> folder(const DriverMessage& message, Context& context) const;
    void take_back_manifest(const DriverMessage& message, Folder& public_folder,
                            const std::string& image, Context& context) const;

    const Site& site_;
};

}  // namespace onemarket
