// SPDX-License-Identifier: Apache-2.0
#include "daemon/ctl/decoder.h"

#include <algorithm>
#include <optional>

#include "daemon/redact.h"
#include "protocol/ascii.h"
#include "protocol/base64.h"
#include "protocol/driver_message.h"
#include "protocol/utf8.h"

namespace onemarket {
namespace {

// A word that is base64 by chance (an MD5, say) decodes to bytes nobody can read.
bool is_readable(const std::string& text) {
    return is_utf8(text) && std::none_of(text.begin(), text.end(), [](char c) {
               return ascii::is_control(c) && c != '\n' && c != '\t' && c != '\r';
           });
}

std::optional<std::string> decoded(std::string_view word) {
    const Result<std::string> text = base64_decode(word);
    if (word.empty() || !text || !is_readable(*text)) return std::nullopt;
    return *text;
}

// A word of a line. Of oned's messages without the keys in them: what is shown is shown on.
std::optional<std::string> readable(std::string_view word) {
    std::optional<std::string> text = decoded(word);
    if (!text) return std::nullopt;
    for (const auto& message : {DriverMessage::decode(word), DriverMessage::decode_datastore(word)})
        if (message) return without_secrets(*text, message->secrets());
    return text;
}

// What KEY="<base64>" holds.
std::optional<std::string> folded(std::string_view key, std::string_view value) {
    if (key != "APP" && !key.ends_with("64")) return std::nullopt;
    if (value.size() < 2 || value.front() != '"' || value.back() != '"') return std::nullopt;
    return decoded(value.substr(1, value.size() - 2));
}

std::string indented(std::string_view text) {
    std::string result = "  ";
    for (const char c : text) result += c == '\n' ? "\n  " : std::string(1, c);
    return result;
}

}  // namespace

std::string unfold(std::string_view text) {
    std::string result;
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        const size_t equals = std::min(line.find('='), line.size());
        const std::string_view key = line.substr(0, equals);
        if (const auto below = folded(key, line.substr(std::min(equals + 1, line.size())))) {
            result += std::string(key) + "\n" + indented(ascii::trim(unfold(*below)));
        } else {
            result += line;
        }
        text.remove_prefix(line.size());
        if (text.empty()) break;
        result += '\n';
        text.remove_prefix(1);
    }
    return result;
}

std::string decode_line(const std::string& line, Lists lists) {
    std::string result;
    for (const std::string_view word : ascii::split(line, " \t\r\n")) {
        if (!result.empty()) result += ' ';
        constexpr size_t shortest = 16;  // shorter words are words
        std::optional<std::string> text;
        if (word.size() >= shortest) text = readable(word);
        const std::string shown = text.value_or(std::string(word));
        result += lists == Lists::raw ? shown : unfold(shown);
    }
    return result;
}

}  // namespace onemarket
