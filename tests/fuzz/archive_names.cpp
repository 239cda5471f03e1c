// SPDX-License-Identifier: Apache-2.0
// Names in an archive, and a zip's directory of them. Parts of an input: a name, and a link's
// target; or a directory.
#include "backends/io/archive_names.h"

#include "backends/io/zip_directory.h"
#include "tests/fuzz/fuzz.h"

namespace onemarket::fuzz {
namespace {

using Path = std::filesystem::path;

bool climbs_out(const Path& path) {
    const Path normal = path.lexically_normal();
    return normal.is_absolute() || (normal.begin() != normal.end() && *normal.begin() == "..");
}

void check_names(const Path& name, const Path& target) {
    if (!stays_within(name)) return;
    must(!climbs_out(name), "a name that stays within does not climb out");
    const Path plain = plain_name(name);
    must(plain_name(plain) == plain && depth_of(plain) == depth_of(name), "a plain name stays");
    must(plain.empty() || stays_within(plain), "a plain name stays within");
    if (!leads_within(name, target)) return;
    must(target.is_relative(), "a link that leads within does not begin at the root");
    must(depth_of(name) == 0 || !climbs_out(plain.parent_path() / target),
         "a link that leads within does not climb out");
}

void check_directory(std::string_view bytes) {
    try {
        size_t names = 0;
        for (const ZipEntry& entry : zip_directory(bytes)) {
            names += entry.name.size();
            must(entry.mode <= 0xffff, "a mode has two bytes");
        }
        must(names <= bytes.size(), "names are what stands there");
    } catch (const Error& error) {
        must(error.kind() == ErrorKind::corrupt, "what is wrong is the archive");
    }
}

}  // namespace

void one_input(std::string_view input) {
    check_directory(input);
    const auto parts = parts_of(input, 2);
    check_names(Path(parts[0]), Path(parts[1]));
}

}  // namespace onemarket::fuzz
