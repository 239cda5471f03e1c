// SPDX-License-Identifier: Apache-2.0
#include "backends/io/s3/sigv4.h"

#include <algorithm>
#include <ctime>

#include "backends/io/digest.h"
#include "protocol/ascii.h"
#include "protocol/hex.h"

namespace onemarket {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

std::string day_of(const SigV4Scope& scope) {
    return amz_date(scope.time).substr(0, 8);
}

std::string scope_text(const SigV4Scope& scope) {
    return day_of(scope) + "/" + scope.region + "/" + scope.service + "/aws4_request";
}

auto sorted_headers(const SigV4Request& request) {
    auto headers = request.headers;
    std::stable_sort(headers.begin(), headers.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    return headers;
}

std::string signed_names(const SigV4Request& request) {
    std::string names;
    for (const auto& [name, value] : sorted_headers(request))
        names += (names.empty() ? "" : ";") + name;
    return names;
}

// Without blanks around it, and with one where there are several.
std::string canonical_value(std::string_view value) {
    std::string out;
    for (const char c : ascii::trim(value))
        if (!ascii::is_blank(c) || out.back() != ' ') out += ascii::is_blank(c) ? ' ' : c;
    return out;
}

}  // namespace

std::string amz_date(std::chrono::system_clock::time_point time) {
    const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
    std::tm utc{};
    ::gmtime_r(&seconds, &utc);
    std::string text(sizeof "20130524T000000Z", '\0');
    text.resize(std::strftime(text.data(), text.size(), "%Y%m%dT%H%M%SZ", &utc));
    return text;
}

std::string canonical_query(const Query& query) {
    std::vector<std::pair<std::string, std::string>> encoded;
    encoded.reserve(query.size());
    for (const auto& [name, value] : query)
        encoded.emplace_back(percent_encode(name), percent_encode(value));
    std::sort(encoded.begin(), encoded.end());
    std::string text;
    for (const auto& [name, value] : encoded)
        text += (text.empty() ? "" : "&") + name + "=" + value;
    return text;
}

std::string canonical_request(const SigV4Request& request) {
    std::string text = request.method + "\n" + request.path + "\n";
    text += canonical_query(request.query) + "\n";
    for (const auto& [name, value] : sorted_headers(request))
        text += name + ":" + canonical_value(value) + "\n";
    return text + "\n" + signed_names(request) + "\n" + request.payload_hash;
}

std::string string_to_sign(const SigV4Request& request, const SigV4Scope& scope) {
    return std::string(kAlgorithm) + "\n" + amz_date(scope.time) + "\n" + scope_text(scope) + "\n" +
           to_hex(sha256(canonical_request(request)));
}

std::string authorization(const SigV4Request& request, const SigV4Scope& scope,
                          const S3Credentials& credentials) {
    std::string key = "AWS4" + credentials.secret_key.reveal();
    for (const std::string& step :
         {day_of(scope), scope.region, scope.service, std::string("aws4_request")})
        key = hmac_sha256(key, step);
    const std::string signature = to_hex(hmac_sha256(key, string_to_sign(request, scope)));
    return std::string(kAlgorithm) + " Credential=" + credentials.access_key + "/" +
           scope_text(scope) + ",SignedHeaders=" + signed_names(request) +
           ",Signature=" + signature;
}

}  // namespace onemarket
