// SPDX-License-Identifier: Apache-2.0
#include "daemon/redact.h"

#include <algorithm>

#include "protocol/ascii.h"
#include "protocol/credentials.h"

namespace onemarket {
namespace {

constexpr size_t kShortestSecret = 4;
constexpr size_t kLongestWord = 200;

constexpr bool is_base64(char c) {
    return ascii::is_alnum(c) || c == '+' || c == '/' || c == '=';
}

std::string without_payloads(std::string_view text) {
    std::string result;
    for (size_t at = 0; at < text.size();) {
        size_t end = at;
        while (end < text.size() && is_base64(text[end])) ++end;
        if (end - at > kLongestWord)
            result += "<payload>";
        else
            result.append(text.substr(at, end - at));
        if (end < text.size()) result += text[end++];
        at = end;
    }
    return result;
}

}  // namespace

std::string without_secrets(std::string_view text, const std::vector<std::string>& secrets) {
    std::string result(text);
    std::vector<std::string> longest_first = secrets;  // one may be a part of another
    std::sort(longest_first.begin(), longest_first.end(),
              [](const auto& a, const auto& b) { return a.size() > b.size(); });
    for (const std::string& secret : longest_first)
        if (secret.size() >= kShortestSecret) result = without_secret(result, secret);
    return result;
}

std::string redact(std::string_view text, const std::vector<std::string>& secrets) {
    return without_payloads(without_secrets(text, secrets));
}

}  // namespace onemarket
