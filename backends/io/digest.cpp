// SPDX-License-Identifier: Apache-2.0
#include "backends/io/digest.h"

#include <openssl/evp.h>

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
    std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
    unsigned int length = 0;
    if (EVP_DigestFinal_ex(context_.get(), bytes.data(), &length) != 1)
        throw Error(ErrorKind::internal, "OpenSSL failed to hash");
    return to_hex(std::span(bytes.data(), length));
}

bool is_md5(std::string_view text) {
    return text.size() == 32 && std::all_of(text.begin(), text.end(), [](char c) {
               const char l = ascii::lower(c);
               return ascii::is_digit(c) || (l >= 'a' && l <= 'f');
           });
}

}  // namespace onemarket
