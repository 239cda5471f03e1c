// SPDX-License-Identifier: Apache-2.0
#include "backends/inventories/folder.h"

#include <algorithm>
#include <set>

#include "backends/io/folder_manifests.h"

namespace onemarket {
namespace {

using Kind = StoredObject::Kind;

StoredObject object_of(const Folder::Entry& entry) {
    StoredObject object{Kind::other,   entry.name, std::nullopt, entry.bytes,
                        entry.changed, "",         false};
    const auto is = [&object](Kind kind, std::optional<ObjectId> app) {
        if (!app) return false;
        object.kind = kind;
        object.app = app;
        return true;
    };
    is(Kind::image, app_of_image(entry.name)) ||
        is(Kind::temporary, app_of_temporary(entry.name)) ||
        is(Kind::manifest, app_of_image(image_of_manifest(entry.name)));
    return object;
}

}  // namespace

std::vector<StoredObject> FolderInventory::list(Context& context) {
    std::vector<Folder::Entry> entries = folder_->list();
    context.check();
    std::sort(entries.begin(), entries.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    std::set<std::string, std::less<>> images;
    std::vector<StoredObject> objects;
    for (const Folder::Entry& entry : entries) {
        objects.push_back(object_of(entry));
        if (objects.back().kind == Kind::image) images.insert(entry.name);
    }
    std::erase_if(objects, [&images](const StoredObject& object) {
        return object.kind == Kind::manifest && images.contains(image_of_manifest(object.name));
    });
    for (StoredObject& object : objects)
        if (object.kind == Kind::temporary) object.held = folder_->is_held(object.name);
    return objects;
}

std::optional<Manifest> FolderInventory::manifest(const StoredObject& image, Context&) {
    return manifest_beside(*folder_, image.name);
}

std::unique_ptr<Reader> FolderInventory::open(const StoredObject& image, Context&) {
    return folder_->open(image.name);
}

void FolderInventory::remove(const StoredObject& object, Context& context) {
    if (object.kind == Kind::temporary) return folder_->remove_temporary(object.name);
    folder_->remove(object.name);
    if (object.kind == Kind::image) remove_manifest(*folder_, object.name, context.log());
}

}  // namespace onemarket
