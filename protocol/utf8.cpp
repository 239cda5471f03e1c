// SPDX-License-Identifier: Apache-2.0
#include "protocol/utf8.h"

#include <cstdint>
#include <cstring>

namespace onemarket {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr std::string_view kNoXml = "\xEF\xBF";  // what U+FFFE and U+FFFF begin with
constexpr std::size_t kMaxContinuations = 3;

// What may follow a first byte. Only the second byte's range depends on the first; zero
// continuations means that no character above ASCII begins so.
struct Lead {
    std::size_t continuations = 0;
    unsigned char low = 0x80;
    unsigned char high = 0xBF;
};

Lead lead_of(unsigned char byte) {
    if (byte < 0xC2 || byte > 0xF4) return {};
    if (byte < 0xE0) return {1};
    switch (byte) {
        case 0xE0:
            return {2, 0xA0, 0xBF};  // lower is overlong
        case 0xED:
            return {2, 0x80, 0x9F};  // higher is a surrogate
        case 0xF0:
            return {3, 0x90, 0xBF};  // lower is overlong
        case 0xF4:
            return {3, 0x80, 0x8F};  // higher is beyond U+10FFFF
        default:
            return {byte < 0xF0 ? std::size_t{2} : std::size_t{3}};
    }
}

struct Sequence {
    std::size_t length;  // of the character, or of the maximal subpart to be replaced
    bool valid;
};

// Precondition: the text begins with a byte above ASCII.
Sequence first_sequence(std::string_view text) {
    auto lead = lead_of(static_cast<unsigned char>(text[0]));
    if (lead.continuations == 0) return {1, false};
    for (std::size_t i = 1; i <= lead.continuations; ++i) {
        if (i == text.size()) return {i, false};
        const auto byte = static_cast<unsigned char>(text[i]);
        if (byte < lead.low || byte > lead.high) return {i, false};
        lead.low = 0x80;
        lead.high = 0xBF;
    }
    const bool xml = text.substr(0, 2) != kNoXml || static_cast<unsigned char>(text[2]) < 0xBE;
    return {lead.continuations + 1, xml};
}

// The length of the leading run of ASCII, eight bytes at a time since nearly all text is that.
std::size_t ascii_prefix(std::string_view text) {
    std::size_t i = 0;
    for (std::uint64_t word = 0; i + sizeof word <= text.size(); i += sizeof word) {
        std::memcpy(&word, text.data() + i, sizeof word);
        if ((word & 0x8080808080808080U) != 0) break;
    }
    while (i < text.size() && static_cast<unsigned char>(text[i]) < 0x80) ++i;
    return i;
}

std::size_t valid_prefix(std::string_view text) {
    std::size_t length = 0;
    for (;;) {
        length += ascii_prefix(text.substr(length));
        if (length == text.size()) return length;
        const auto sequence = first_sequence(text.substr(length));
        if (!sequence.valid) return length;
        length += sequence.length;
    }
}

bool is_continuation(char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
}

}  // namespace

bool is_utf8(std::string_view text) {
    return valid_prefix(text) == text.size();
}

std::string repair_utf8(std::string_view text) {
    std::string repaired;
    repaired.reserve(text.size());
    for (;;) {
        const auto good = valid_prefix(text);
        repaired.append(text.substr(0, good));
        text.remove_prefix(good);
        if (text.empty()) return repaired;
        repaired.append(kReplacement);
        text.remove_prefix(first_sequence(text).length);
    }
}

std::size_t control_length(std::string_view text) {
    const auto byte = [text](std::size_t i) {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
    };
    const auto is_within = [](unsigned value, unsigned low, unsigned high) {
        return low <= value && value <= high;
    };
    if (text.empty()) return 0;
    if (byte(0) < 0x20 || byte(0) == 0x7F) return 1;
    if (byte(0) == 0xC2) return is_within(byte(1), 0x80, 0x9F) ? 2 : 0;
    if (byte(0) != 0xE2) return 0;
    return (byte(1) == 0x80 && is_within(byte(2), 0xA8, 0xAE)) ||
                   (byte(1) == 0x81 && is_within(byte(2), 0xA6, 0xA9))
               ? 3
               : 0;
}

std::string_view truncate_utf8(std::string_view text, std::size_t max_bytes) {
    if (text.size() <= max_bytes) return text;
    auto cut = max_bytes;
    while (cut > 0 && max_bytes - cut < kMaxContinuations && is_continuation(text[cut])) --cut;
    return text.substr(0, is_continuation(text[cut]) ? max_bytes : cut);
}

}  // namespace onemarket
