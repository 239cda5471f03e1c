// SPDX-License-Identifier: Apache-2.0
#include "backends/io/folder.h"

#include <algorithm>

#include "protocol/ascii.h"

namespace onemarket {
namespace {

constexpr size_t kMaxNameBytes = 255;  // of a file system
constexpr std::string_view kTemporary = ".onemarketd-";
constexpr std::string_view kImage = "marketapp-";
constexpr std::string_view kManifest = ".json";
constexpr size_t kMarkDigits = 16;

bool is_mark(std::string_view text) {
    return text.size() == kMarkDigits && std::all_of(text.begin(), text.end(), [](char c) {
               return ascii::is_digit(c) || (c >= 'a' && c <= 'f');
           });
}

// <prefix><app>-<mark>, written as this driver does.
std::optional<ObjectId> app_of(std::string_view name, std::string_view prefix) {
    if (!name.starts_with(prefix)) return std::nullopt;
    name.remove_prefix(prefix.size());
    const size_t dash = name.find('-');
    if (dash == std::string_view::npos || !is_mark(name.substr(dash + 1))) return std::nullopt;
    const auto app = ascii::parse_number<ObjectId>(name.substr(0, dash));
    if (!app || std::to_string(*app) != name.substr(0, dash)) return std::nullopt;
    return app;
}

}  // namespace

bool is_public_name(std::string_view name) {
    return !name.empty() && name.size() <= kMaxNameBytes && name.front() != '.' &&
           std::none_of(name.begin(), name.end(),
                        [](char c) { return c == '/' || ascii::is_control(c); });
}

void require_public_name(const std::string& name, ErrorKind kind) {
    if (!is_public_name(name)) throw Error(kind, "'" + name + "' is no name of a published file");
}

std::string temporary_prefix(ObjectId app) {
    return std::string(kTemporary) + std::to_string(app) + "-";
}

std::optional<ObjectId> app_of_temporary(std::string_view name) {
    return app_of(name, kTemporary);
}

std::string image_name(ObjectId app, std::string_view mark) {
    return std::string(kImage) + std::to_string(app) + "-" + std::string(mark);
}

std::optional<ObjectId> app_of_image(std::string_view name) {
    return app_of(name, kImage);
}

std::string manifest_name(std::string_view image) {
    return std::string(image) + std::string(kManifest);
}

std::string image_of_manifest(std::string_view name) {
    if (!name.ends_with(kManifest)) return "";
    name.remove_suffix(kManifest.size());
    return app_of_image(name) ? std::string(name) : "";
}

}  // namespace onemarket
