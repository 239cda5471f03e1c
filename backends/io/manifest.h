// SPDX-License-Identifier: Apache-2.0
// What a marketplace notes of an image: who it is, and what its bytes must be. In a folder it is a
// JSON file beside the image, in a bucket the object's metadata and tags.
// docs/durability.md describes its members.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/error.h"
#include "protocol/request.h"

namespace onemarket {

// What is not known is empty.
struct Manifest {
    std::optional<ObjectId> app;
    std::string name;               // the app's
    std::optional<uint64_t> bytes;  // the image's
    std::string md5, sha256;        // lower-case hex
    // The SHA-256 of the SHA-256s of the image's parts of `part_bytes`, `-`, their number.
    std::string sha256_of_parts;
    uint64_t part_bytes = 0;
    std::string format;
    std::string time;    // of its import, UTC, as 2026-11-25T09:34:15Z
    std::string driver;  // name and version
};

// The longest text that is taken for a manifest.
inline constexpr size_t kMaxManifestBytes = size_t{64} << 10;

// The text of a manifest's file: one line of JSON, without its end. Nothing of parts is in it.
std::string manifest_text(const Manifest& manifest);

// Reads such a text: members it does not know are no fault, one that is missing, has another type
// or makes no sense is. A failure repeats nothing of it.
Result<Manifest> parse_manifest(std::string_view text);

}  // namespace onemarket
