// SPDX-License-Identifier: Apache-2.0
#include "protocol/base64.h"

#include <openssl/evp.h>

#include <algorithm>

#include "protocol/ascii.h"

namespace onemarket {
namespace {

// EVP_*Block take int lengths; larger texts go through in pieces that end on a group's edge.
constexpr size_t kPiece = size_t{3} << 20;

constexpr bool in_alphabet(char c) {
    return ascii::is_alnum(c) || c == '+' || c == '/';
}

unsigned char* bytes_of(std::string& text, size_t offset) {
    return reinterpret_cast<unsigned char*>(text.data() + offset);
}

const unsigned char* bytes_of(std::string_view text, size_t offset) {
    return reinterpret_cast<const unsigned char*>(text.data() + offset);
}

}  // namespace

std::string base64_encode(std::string_view bytes) {
    std::string text;
    base64_append(text, bytes);
    return text;
}

void base64_append(std::string& text, std::string_view bytes) {
    // EVP_EncodeBlock ends what it writes with a NUL: one byte more, taken off at the end.
    size_t written = text.size();
    text.resize(written + (bytes.size() + 2) / 3 * 4 + 1);
    for (size_t offset = 0; offset < bytes.size(); offset += kPiece) {
        const size_t length = std::min(kPiece, bytes.size() - offset);
        written += static_cast<size_t>(EVP_EncodeBlock(
            bytes_of(text, written), bytes_of(bytes, offset), static_cast<int>(length)));
    }
    text.resize(written);
}

Result<std::string> base64_decode(std::string_view text) {
    // EVP_DecodeBlock skips white space at the ends and takes padding anywhere: look first.
    if (text.size() % 4 != 0) return Result<std::string>::failure("length is no multiple of 4");
    size_t padding = 0;
    while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=')
        ++padding;
    const std::string_view digits = text.substr(0, text.size() - padding);
    if (!std::all_of(digits.begin(), digits.end(), in_alphabet))
        return Result<std::string>::failure("character outside the alphabet");

    constexpr size_t piece = kPiece / 3 * 4;
    std::string bytes(text.size() / 4 * 3, '\0');
    size_t written = 0;
    for (size_t offset = 0; offset < text.size(); offset += piece) {
        const size_t length = std::min(piece, text.size() - offset);
        const int got = EVP_DecodeBlock(bytes_of(bytes, written), bytes_of(text, offset),
                                        static_cast<int>(length));
        if (got < 0) return Result<std::string>::failure("malformed group");
        written += static_cast<size_t>(got);
    }
    bytes.resize(written - padding);
    return bytes;
}

}  // namespace onemarket
