// SPDX-License-Identifier: Apache-2.0
#include "daemon/attributes.h"

#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <optional>
#include <vector>

#include "protocol/ascii.h"

namespace onemarket {
namespace {

constexpr const char* kAcl = "system.posix_acl_access";

// What the kernel makes of a file's own bytes.
bool is_measured(std::string_view name) {
    return name == "security.ima" || name == "security.evm";
}

// What `ask` puts into a buffer, which it says the size of where there is none.
std::optional<std::string> answer(const auto& ask) {
    const ssize_t size = ask(nullptr, 0);
    if (size < 0) return std::nullopt;
    std::string text(static_cast<size_t>(size), '\0');
    const ssize_t got = ask(text.data(), text.size());
    if (got < 0) return std::nullopt;
    text.resize(static_cast<size_t>(got));
    return text;
}

std::vector<std::string> names_of(const std::string& file) {
    // What may have come to a new file from its folder has to go, too.
    std::vector<std::string> names{kAcl};
    const std::string list = answer([&](char* to, size_t size) {
                                 return ::listxattr(file.c_str(), to, size);
                             }).value_or("");
    for (const std::string_view name : ascii::split(list, std::string_view("\0", 1)))
        if (!is_measured(name) && name != kAcl) names.emplace_back(name);
    return names;
}

bool copy_attribute(const std::string& from, int to, const char* name) {
    const auto theirs = answer(
        [&](char* value, size_t size) { return ::getxattr(from.c_str(), name, value, size); });
    const auto ours =
        answer([&](char* value, size_t size) { return ::fgetxattr(to, name, value, size); });
    if (theirs == ours) return true;
    return theirs ? ::fsetxattr(to, name, theirs->data(), theirs->size(), 0) == 0
                  : ::fremovexattr(to, name) == 0;
}

}  // namespace

std::string copy_attributes(const std::string& from, int to) {
    struct stat theirs {};
    struct stat ours {};
    if (::stat(from.c_str(), &theirs) != 0) return "";
    (void)!::fchown(to, theirs.st_uid, theirs.st_gid);
    if (::fstat(to, &ours) != 0) return "owner";
    std::string lost = ours.st_uid != theirs.st_uid   ? "owner"
                       : ours.st_gid != theirs.st_gid ? "group"
                                                      : "";
    for (const std::string& name : names_of(from))
        if (!copy_attribute(from, to, name.c_str()) && lost.empty())
            lost = name == kAcl ? "ACL" : "extended attribute " + name;
    return lost;
}

}  // namespace onemarket
