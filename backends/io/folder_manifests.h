// SPDX-License-Identifier: Apache-2.0
// The manifests beside images in a folder: a manifest is a file of the image's name and `.json`.
#pragma once

#include <optional>
#include <string>

#include "backends/context.h"
#include "backends/io/folder.h"
#include "backends/io/manifest.h"

namespace onemarket {

// That beside an image; nothing where there is none. Throws Error (corrupt) for what is none.
std::optional<Manifest> manifest_beside(Folder& folder, const std::string& image);

// Removes the manifest beside an image of ours, where there is one: what stands beside another's
// file is not ours. A failure is only worth a warning.
void remove_manifest(Folder& folder, const std::string& image, RequestLog& log);

// Removes manifests of this app whose image is not there.
void remove_lost_manifests(Folder& folder, ObjectId app, RequestLog& log);

// Removes images that imports of this driver have made for the app of this id and name, as their
// manifests tell, with those.
void remove_images_of(Folder& folder, ObjectId app, const std::string& name, RequestLog& log);

}  // namespace onemarket
