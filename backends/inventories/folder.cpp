// SPDX-License-Identifier: Apache-2.0
#include "backends/inventories/folder.h"

#include <algorithm>
#include <set>

namespace onemarket {
namespace {

using Kind = StoredObject::Kind;
using Names = std::set<std::string, std::less<>>;

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
    Names images;
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
    const std::string name = manifest_name(image.name);
    std::string text;
    try {
        text = folder_->head(name, kMaxManifestBytes + 1);
    } catch (const Error& error) {
        if (error.kind() == ErrorKind::not_found) return std::nullopt;
        throw;
    }
    const Result<Manifest> manifest = parse_manifest(text);
    if (!manifest) throw Error(ErrorKind::corrupt, name + ": " + manifest.reason());
    return *manifest;
}

std::unique_ptr<Reader> FolderInventory::open(const StoredObject& image, Context&) {
    return folder_->open(image.name);
}

void FolderInventory::remove(const StoredObject& object, Context& context) {
    if (object.kind == Kind::temporary) return folder_->remove_temporary(object.name);
    folder_->remove(object.name);
    if (object.kind == Kind::image) remove_manifest(*folder_, object.name, context.log());
}

void remove_manifest(Folder& folder, const std::string& image, RequestLog& log) {
    if (!app_of_image(image)) return;
    try {
        folder.remove(manifest_name(image));
    } catch (const Error& error) {
        if (error.kind() == ErrorKind::not_found) return;
        log.log(LogLevel::warning, std::string("the manifest stays: ") + error.what());
    }
}

void remove_lost_manifests(Folder& folder, ObjectId app, RequestLog& log) {
    const std::vector<Folder::Entry> entries = folder.list();
    Names images;
    for (const Folder::Entry& entry : entries)
        if (app_of_image(entry.name) == app) images.insert(entry.name);
    for (const Folder::Entry& entry : entries) {
        const std::string image = image_of_manifest(entry.name);
        if (app_of_image(image) == app && !images.contains(image))
            remove_manifest(folder, image, log);
    }
}

}  // namespace onemarket
