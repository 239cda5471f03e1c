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

}  // namespace onemarket
