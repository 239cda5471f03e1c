// SPDX-License-Identifier: Apache-2.0
#include "backends/io/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>

#include "protocol/ascii.h"
#include "protocol/error.h"
#include "protocol/hex.h"

namespace onemarket {

void Digest::Free::operator()(evp_md_ctx_st* context) const {
    EVP_MD_CTX_free(context);
}

Digest::Digest(std::string_view algorithm) : context_(EVP_MD_CTX_new()) {
    const std::string name(algorithm);
    const std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> type(
        EVP_MD_fetch(nullptr, name.c_str(), "-fips"), EVP_MD_free);
    if (!context_ || !type || EVP_DigestInit_ex2(context_.get(), type.get(), nullptr) != 1)
        throw Error(ErrorKind::internal, "OpenSSL provides no " + name);
}

Digest::~Digest() = default;

void Digest::update(std::span<const std::byte> bytes) {
    if (EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) != 1)
        throw Error(ErrorKind::internal, "OpenSSL failed to hash");
}

void Digest::update_zeros(size_t count) {
    static constexpr std::array<std::byte, size_t{64} << 10> zeros{};
    while (count > 0) {
        const size_t length = std::min(count, zeros.size());
        update(std::span(zeros.data(), length));
        count -= length;
    }
}

std::string Digest::finish() {
    return to_hex(finish_bytes());
}

std::string Digest::finish_bytes() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
    unsigned int length = 0;
    if (EVP_DigestFinal_ex(context_.get(), bytes.data(), &length) != 1)
        throw Error(ErrorKind::internal, "OpenSSL failed to hash");
    return {bytes.begin(), bytes.begin() + length};
}

void Digest::begin() {
    if (EVP_DigestInit_ex2(context_.get(), nullptr, nullptr) != 1)
        throw Error(ErrorKind::internal, "OpenSSL failed to hash");
}

namespace {

std::string digest_of(std::string_view algorithm, std::string_view text) {
    Digest digest(algorithm);
    digest.update(std::as_bytes(std::span(text)));
    return digest.finish_bytes();
}

}  // namespace

std::string sha256(std::string_view text) {
    return digest_of("SHA256", text);
}

std::string md5(std::string_view text) {
    return digest_of("MD5", text);
}

std::string hmac_sha256(std::string_view key, std::string_view text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
    unsigned int length = 0;
    if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
             reinterpret_cast<const unsigned char*>(text.data()), text.size(), bytes.data(),
             &length) == nullptr)
        throw Error(ErrorKind::internal, "OpenSSL failed to hash");
    return {bytes.begin(), bytes.begin() + length};
}

namespace {

bool is_hex(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
        const char l = ascii::lower(c);
        return ascii::is_digit(c) || (l >= 'a' && l <= 'f');
    });
}

}  // namespace

bool is_md5(std::string_view text) {
    return text.size() == 32 && is_hex(text);
}

bool is_sha256(std::string_view text) {
    return text.size() == 64 && is_hex(text);
}

}  // namespace onemarket
