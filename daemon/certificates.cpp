// SPDX-License-Identifier: Apache-2.0
#include "daemon/certificates.h"

#include <algorithm>
#include <string_view>

#include "daemon/text_file.h"
#include "protocol/ascii.h"

namespace onemarket {
namespace {

constexpr size_t kMostBytes = size_t{16} << 20;

// Those of OpenSSL's own, with what they are trusted for, end so too.
bool begins_one(std::string_view line) {
    return line.starts_with("-----BEGIN ") && line.ends_with("CERTIFICATE-----");
}

}  // namespace

size_t certificates_in(const std::string& file) {
    const std::string text = read_text_file(file, kMostBytes);
    const auto lines = ascii::split(text, "\r\n");
    return static_cast<size_t>(std::count_if(lines.begin(), lines.end(), begins_one));
}

}  // namespace onemarket
