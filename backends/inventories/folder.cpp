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

// That beside an image; nothing where there is none.
std::optional<Manifest> manifest_of(Folder& folder, const std::string& image) {
    const std::string name = manifest_name(image);
    std::string text;
    try {
        text = folder.head(name, kMaxManifestBytes + 1);
    } catch (const Error& error) {
        if (error.kind() == ErrorKind::not_found) return std::nullopt;
        throw;
    }
    const Result<Manifest> manifest = parse_manifest(text);
    if (!manifest) throw Error(ErrorKind::corrupt, name + ": " + manifest.reason());
    return *manifest;
}

// Two OpenNebulas may share a folder: the number alone does not tell an app.
bool is_of(Folder& folder, const std::string& image, ObjectId app, const std::string& name) {
    try {
        const std::optional<Manifest> manifest = manifest_of(folder, image);
        return manifest && manifest->app == app && manifest->name == name;
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::corrupt && error.kind() != ErrorKind::bad_request) throw;
        return false;
    }
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
    return manifest_of(*folder_, image.name);
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

void remove_images_of(Folder& folder, ObjectId app, const std::string& name, RequestLog& log) {
    for (const Folder::Entry& entry : folder.list()) {
        if (app_of_image(entry.name) != app || !is_of(folder, entry.name, app, name)) continue;
        folder.remove(entry.name);
        remove_manifest(folder, entry.name, log);
        log.log(LogLevel::info, "removed " + entry.name + ", of which oned was never told");
    }
}

}  // namespace onemarket
