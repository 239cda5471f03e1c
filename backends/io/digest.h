// SPDX-License-Identifier: Apache-2.0
// Hashes of an image's bytes.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace onemarket {

// One running hash. Not thread-safe; may be used by one thread after the other.
class Digest {
  public:
    // `algorithm`: OpenSSL's name, "MD5" or "SHA256". MD5 is what oned's protocol asks for, so it
    // is taken from outside the FIPS provider where a system insists on that one. Throws Error
    // (internal) when the library has no such algorithm.
    explicit Digest(std::string_view algorithm);
    ~Digest();
    Digest(Digest&&) noexcept = default;

    void update(std::span<const std::byte> bytes);
    void update_zeros(size_t count);  // as many zero bytes: a hole

    // Lower-case hex. Ends the hash, until begin().
    std::string finish();
    // The same as its bytes.
    std::string finish_bytes();

    // Starts anew: nothing was hashed.
    void begin();

  private:
    struct Free {
        void operator()(evp_md_ctx_st* context) const;
    };
    std::unique_ptr<evp_md_ctx_st, Free> context_;
};

// The SHA-256 of a text, 32 bytes.
std::string sha256(std::string_view text);
// The MD5 of a text, 16 bytes.
std::string md5(std::string_view text);
// HMAC-SHA256 (RFC 2104), 32 bytes.
std::string hmac_sha256(std::string_view key, std::string_view text);

// True for 32 hex digits in either case: an MD5 worth comparing.
bool is_md5(std::string_view text);
// The same of 64 digits.
bool is_sha256(std::string_view text);

}  // namespace onemarket
