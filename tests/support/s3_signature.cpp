// SPDX-License-Identifier: Apache-2.0
#include "tests/support/s3_signature.h"

#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <cstdlib>
#include <set>
#include <sstream>
#include <vector>

namespace onemarket::test {
namespace {

using Words = std::vector<std::string>;

Words cut(const std::string& text, char at) {
    Words words;
    std::istringstream stream(text);
    for (std::string word; std::getline(stream, word, at);) words.push_back(word);
    return words;
}

std::string hex(const unsigned char* bytes, size_t size) {
    std::string text;
    char digits[3];
    for (size_t i = 0; i < size; ++i) {
        std::snprintf(digits, sizeof digits, "%02x", bytes[i]);
        text += digits;
    }
    return text;
}

std::string sha256_hex(const std::string& text) {
    unsigned char out[SHA256_DIGEST_LENGTH];
    SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), out);
    return hex(out, sizeof out);
}

std::string mac(const std::string& key, const std::string& text) {
    unsigned char out[SHA256_DIGEST_LENGTH];
    unsigned int size = sizeof out;
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
         reinterpret_cast<const unsigned char*>(text.data()), text.size(), out, &size);
    return {reinterpret_cast<char*>(out), size};
}

// name=value pairs of the query, sorted as they must be signed. They came encoded, and a server
// that encodes them anew gets the same text from a client that does it right.
std::string canonical_query(const std::string& target) {
    const size_t mark = target.find('?');
    if (mark == std::string::npos) return "";
    std::multiset<std::pair<std::string, std::string>> pairs;
    for (const std::string& pair : cut(target.substr(mark + 1), '&')) {
        const size_t equals = pair.find('=');
        if (equals == std::string::npos)
            pairs.emplace(pair, "");
        else
            pairs.emplace(pair.substr(0, equals), pair.substr(equals + 1));
    }
    std::string text;
    for (const auto& [name, value] : pairs) text += (text.empty() ? "" : "&") + name + "=" + value;
    return text;
}

std::string single_blanks(const std::string& value) {
    std::string out;
    std::istringstream words(value);
    for (std::string word; words >> word;) out += (out.empty() ? "" : " ") + word;
    return out;
}

// The fields of "AWS4-HMAC-SHA256 Credential=...,SignedHeaders=...,Signature=...".
std::map<std::string, std::string> authorization_fields(const std::string& header) {
    const std::string algorithm = "AWS4-HMAC-SHA256 ";
    std::map<std::string, std::string> fields;
    if (header.rfind(algorithm, 0) != 0) return fields;
    for (std::string field : cut(header.substr(algorithm.size()), ',')) {
        field.erase(0, field.find_first_not_of(' '));
        const size_t equals = field.find('=');
        if (equals != std::string::npos) fields[field.substr(0, equals)] = field.substr(equals + 1);
    }
    return fields;
}

}  // namespace

std::string signature_fault(const WireRequest& request, const Account& account, std::time_t now) {
    const auto header = [&request](const std::string& name) {
        const auto found = request.headers.find(name);
        return found == request.headers.end() ? std::string() : found->second;
    };
    auto fields = authorization_fields(header("authorization"));
    const Words scope = cut(fields["Credential"], '/');
    if (scope.size() != 5 || scope[3] != "s3" || scope[4] != "aws4_request") return "AccessDenied";
    if (scope[0] != account.access_key) return "InvalidAccessKeyId";

    const std::string date = header("x-amz-date");
    std::tm parts{};
    if (::strptime(date.c_str(), "%Y%m%dT%H%M%SZ", &parts) == nullptr) return "AccessDenied";
    if (std::abs(::timegm(&parts) - now) > 15 * 60) return "RequestTimeTooSkewed";
    if (scope[1] != date.substr(0, 8)) return "SignatureDoesNotMatch";
    if (scope[2] != account.region) return "AuthorizationHeaderMalformed";
    if (header("x-amz-security-token") != account.session_token) return "InvalidToken";

    const std::string payload = header("x-amz-content-sha256");
    if (payload != sha256_hex(request.body)) return "XAmzContentSHA256Mismatch";

    std::string headers;
    const Words names = cut(fields["SignedHeaders"], ';');
    const std::set<std::string> signed_names(names.begin(), names.end());
    for (const std::string& name : names)
        headers += name + ":" + single_blanks(header(name)) + "\n";
    for (const auto& [name, value] : request.headers)
        if ((name == "host" || name == "content-md5" || name.rfind("x-amz-", 0) == 0) &&
            signed_names.count(name) == 0)
            return "AccessDenied";

    const std::string canonical = request.method + "\n" +
                                  request.target.substr(0, request.target.find('?')) + "\n" +
                                  canonical_query(request.target) + "\n" + headers + "\n" +
                                  fields["SignedHeaders"] + "\n" + payload;
    const std::string to_sign = "AWS4-HMAC-SHA256\n" + date + "\n" + scope[1] + "/" + scope[2] +
                                "/s3/aws4_request\n" + sha256_hex(canonical);
    const std::string key =
        mac(mac(mac(mac("AWS4" + account.secret_key, scope[1]), scope[2]), "s3"), "aws4_request");
    const std::string expected = mac(key, to_sign);
    const std::string text =
        hex(reinterpret_cast<const unsigned char*>(expected.data()), expected.size());
    return text == fields["Signature"] ? "" : "SignatureDoesNotMatch";
}

}  // namespace onemarket::test
