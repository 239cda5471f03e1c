// SPDX-License-Identifier: Apache-2.0
// What is in a marketplace's folder, here or behind a bridge.
#pragma once

#include "backends/inventory.h"
#include "backends/io/folder.h"

namespace onemarket {

class FolderInventory : public Inventory {
  public:
    explicit FolderInventory(std::unique_ptr<Folder> folder) : folder_(std::move(folder)) {}

    std::vector<StoredObject> list(Context& context) override;
    std::optional<Manifest> manifest(const StoredObject& image, Context& context) override;
    std::unique_ptr<Reader> open(const StoredObject& image, Context& context) override;
    void remove(const StoredObject& object, Context& context) override;

  private:
    std::unique_ptr<Folder> folder_;
};

// Removes the manifest beside an image of ours, where there is one: what stands beside another's
// file is not ours. A failure is only worth a warning.
void remove_manifest(Folder& folder, const std::string& image, RequestLog& log);

// Removes manifests of this app whose image is not there.
void remove_lost_manifests(Folder& folder, ObjectId app, RequestLog& log);

// Removes images that imports of this driver have made for the app of this id and name, as their
// manifests tell, with those.
void remove_images_of(Folder& folder, ObjectId app, const std::string& name, RequestLog& log);

}  // namespace onemarket
