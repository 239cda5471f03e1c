// SPDX-License-Identifier: Apache-2.0
#include "protocol/credentials.h"

#include <algorithm>

namespace onemarket {
namespace {

constexpr std::string_view kSchemeEnd = "://";

}  // namespace

// What was put in its place is not looked at again: the secret may be asterisks itself.
std::string without_secret(std::string_view text, std::string_view secret) {
    std::string result;
    while (!secret.empty()) {
        const size_t at = text.find(secret);
        if (at == std::string_view::npos) break;
        result.append(text.substr(0, at)).append("***");
        text.remove_prefix(at + secret.size());
    }
    return result.append(text);
}

std::vector<std::string> credentials_in(std::string_view address) {
    std::vector<std::string> secrets;
    const size_t scheme = address.find(kSchemeEnd);
    if (scheme == std::string_view::npos) return secrets;
    const std::string_view rest = address.substr(scheme + kSchemeEnd.size());
    const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
    const std::string_view who =
        authority.substr(0, std::min(authority.rfind('@'), authority.size()));
    const size_t colon = who.find(':');
    if (who.size() < authority.size() && colon != std::string_view::npos) {
        secrets.emplace_back(who);
        secrets.emplace_back(who.substr(colon + 1));
    }
    if (const size_t query = rest.find('?'); query != std::string_view::npos)
        secrets.emplace_back(rest.substr(query + 1));
    return secrets;
}

void hide_credentials(std::span<char> text) {
    const std::string_view words(text.data(), text.size());
    for (size_t at = words.find(kSchemeEnd); at != std::string_view::npos;
         at = words.find(kSchemeEnd, at)) {
        at += kSchemeEnd.size();
        const size_t end = std::min(words.find_first_of(" \t\r\n", at), words.size());
        const std::string_view address = words.substr(at, end - at);
        const auto hide = [&](size_t from, size_t to) {
            std::fill(text.begin() + static_cast<ptrdiff_t>(at + from),
                      text.begin() + static_cast<ptrdiff_t>(at + to), '*');
        };
        const size_t query = address.find('?');
        if (const size_t host = address.rfind('@'); host != std::string_view::npos) hide(0, host);
        if (query != std::string_view::npos) hide(query + 1, address.size());
    }
}

}  // namespace onemarket
