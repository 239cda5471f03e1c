// SPDX-License-Identifier: Apache-2.0
// The manifest beside an image: what is read can be written, and a name of anybody's stays one.
#include "backends/io/manifest.h"

#include "backends/io/digest.h"
#include "protocol/utf8.h"
#include "tests/fuzz/fuzz.h"

namespace onemarket::fuzz {
namespace {

void check(const Manifest& manifest) {
    const std::string text = manifest_text(manifest);
    must(is_one_line(text), "a manifest is one line");
    const Result<Manifest> again = parse_manifest(text + "\n");
    must(static_cast<bool>(again), "what is written can be read");
    must(again->app == manifest.app && again->name == repair_utf8(manifest.name) &&
             again->bytes == manifest.bytes && again->md5 == manifest.md5 &&
             again->sha256 == manifest.sha256 && again->format == repair_utf8(manifest.format),
         "what was written is read as it was");
}

}  // namespace

void one_input(std::string_view input) {
    const Result<Manifest> manifest = parse_manifest(input);
    if (manifest) {
        must(manifest->app && manifest->bytes && is_md5(manifest->md5),
             "what is asked for is there");
        check(*manifest);
    } else {
        must(is_one_line(manifest.reason()), "a reason is one line");
    }
    Manifest other;
    other.app = 5;
    other.bytes = input.size();
    other.md5 = std::string(32, 'a');
    other.name = input.substr(0, 128);
    if (manifest_text(other).size() <= kMaxManifestBytes) check(other);
}

}  // namespace onemarket::fuzz
