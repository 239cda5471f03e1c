// SPDX-License-Identifier: Apache-2.0
#include "backends/io/s3/etag.h"

#include "backends/io/digest.h"
#include "protocol/hex.h"

namespace onemarket {
namespace {

std::string from_hex(std::string_view text) {
    std::string bytes;
    for (size_t i = 0; i + 1 < text.size(); i += 2)
        bytes += static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16));
    return bytes;
}

}  // namespace

bool is_etag_of_md5(std::string_view etag, uint64_t parts) {
    const std::string suffix = parts > 0 ? "-" + std::to_string(parts) : "";
    return etag.ends_with(suffix) && is_md5(etag.substr(0, etag.size() - suffix.size()));
}

std::string etag_of_parts(const std::map<uint64_t, std::string>& etags) {
    if (etags.empty()) return "";
    std::string md5s;
    for (const auto& [number, etag] : etags) {
        if (!is_md5(etag)) return "";
        md5s += from_hex(etag);
    }
    return to_hex(md5(md5s)) + "-" + std::to_string(etags.size());
}

}  // namespace onemarket
