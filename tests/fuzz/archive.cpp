// SPDX-License-Identifier: Apache-2.0
// Archives: whatever is in one, nothing of it is outside its folder, and nothing in it leads out.
#include "backends/io/archive.h"

#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include <clocale>
#include <filesystem>

#include "tests/fuzz/fuzz.h"

namespace onemarket::fuzz {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMost = uint64_t{1} << 20;
constexpr uid_t kNobody = 65534;

// As nobody, where it runs as root: what got out would do no harm.
class Harmless {
  public:
    Harmless() { ::setfsuid(::geteuid() == 0 ? kNobody : ::geteuid()); }
    ~Harmless() { ::setfsuid(::geteuid()); }
};

class Bytes : public Reader {
  public:
    explicit Bytes(std::string_view bytes) : bytes_(bytes) {}
    Piece read(std::span<std::byte> buffer, Context&) override {
        const size_t size = bytes_.read_at(at_, buffer);
        at_ += size;
        return {size, false};
    }

  private:
    MemoryBytes bytes_;
    uint64_t at_ = 0;
};

void check_link(const fs::path& link, const fs::path& root) {
    const fs::path target = fs::read_symlink(link);
    must(target.is_relative(), "a link does not begin at the root");
    const fs::path to = (link.parent_path() / target).lexically_normal();
    must(to == root || to.string().starts_with(root.string() + "/") || to == root / "",
         "a link does not lead out");
}

void check_unpacked(const fs::path& root) {
    uint64_t bytes = 0;
    for (const auto& entry :
         fs::recursive_directory_iterator(root, fs::directory_options::skip_permission_denied)) {
        const fs::file_status status = entry.symlink_status();
        if (fs::is_symlink(status)) {
            check_link(entry.path(), root);
            continue;
        }
        must(fs::is_directory(status) || fs::is_regular_file(status), "there are no devices");
        must((status.permissions() & (fs::perms::set_uid | fs::perms::set_gid)) == fs::perms::none,
             "nothing runs as another");
        struct stat file {};
        if (fs::is_regular_file(status) && ::lstat(entry.path().c_str(), &file) == 0)
            bytes += static_cast<uint64_t>(file.st_size) / std::max<uint64_t>(file.st_nlink, 1);
    }
    must(bytes <= kMost, "there is an end of bytes");
}

}  // namespace

void one_input(std::string_view input) {
    const ArchiveKind kind = archive_kind_of(std::as_bytes(std::span(input)));
    if (kind == ArchiveKind::none) return;
    static const char* const locale = std::setlocale(LC_CTYPE, "C.UTF-8");  // names in archives
    must(locale != nullptr, "there is a locale");
    static const MemoryDir dir;
    const std::string inside = dir / "inside", outside = dir / "outside";
    for (const std::string& folder : {dir.path(), inside, outside}) {
        fs::create_directory(folder);
        fs::permissions(folder, fs::perms::all);
    }
    const fs::path before = fs::current_path();
    try {
        const Harmless harmless;
        FuzzContext context;
        Bytes bytes(input);
        extract_archive(bytes, kind, inside, {kMost, 20}, context);
    } catch (const Error& error) {
        must(error.kind() != ErrorKind::internal, "an archive is no defect of the driver");
    }
    must(fs::current_path() == before, "the working folder is what it was");
    must(fs::is_empty(outside), "nothing is in a folder beside it");
    must(std::distance(fs::directory_iterator(dir.path()), {}) == 2, "nothing is beside it");
    check_unpacked(inside);
    fs::remove_all(inside);
}

}  // namespace onemarket::fuzz
