// SPDX-License-Identifier: Apache-2.0
#include "backends/io/folder_manifests.h"

#include <set>

namespace onemarket {
namespace {

// Two OpenNebulas may share a folder: the number alone does not tell an app.
bool is_of(Folder& folder, const std::string& image, ObjectId app, const std::string& name) {
    try {
        const std::optional<Manifest> manifest = manifest_beside(folder, image);
        return manifest && manifest->app == app && manifest->name == name;
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::corrupt && error.kind() != ErrorKind::bad_request) throw;
        return false;
    }
}

}  // namespace

std::optional<Manifest> manifest_beside(Folder& folder, const std::string& image) {
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
    std::set<std::string, std::less<>> images;
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
