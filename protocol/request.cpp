// SPDX-License-Identifier: Apache-2.0
#include "protocol/request.h"

#include "protocol/ascii.h"
#include "protocol/utf8.h"

namespace onemarket {
namespace {

// A longer word is a piece of a document, with secrets in it: two lines have become one.
constexpr size_t kQuotedWord = 16;

std::string_view take_word(std::string_view& rest) {
    size_t begin = 0;
    while (begin < rest.size() && ascii::is_space(rest[begin])) ++begin;
    size_t end = begin;
    while (end < rest.size() && !ascii::is_space(rest[end])) ++end;
    const std::string_view word = rest.substr(begin, end - begin);
    rest.remove_prefix(end);
    return word;
}

std::string shown(std::string_view word) {
    if (word.size() > kQuotedWord) return "of " + std::to_string(word.size()) + " bytes";
    std::string text(word);
    for (char& c : text)
        if (ascii::is_control(c)) c = '?';
    return "'" + repair_utf8(text) + "'";
}

}  // namespace

bool is_blank_line(std::string_view line) {
    return ascii::trim(line).empty();
}

Result<Request> parse_request(std::string_view line) {
    std::string_view rest = line;
    const std::string_view word = take_word(rest);
    const std::optional<Action> action = parse_action(word);
    if (!action) return Result<Request>::failure("unknown action " + shown(word));

    Request request;
    request.action = *action;
    if (*action == Action::init || *action == Action::finalize) return request;

    const std::string_view id = take_word(rest);
    if (id.empty())
        return Result<Request>::failure(std::string(to_string(*action)) + " without an id");
    const std::optional<ObjectId> number = ascii::parse_number<ObjectId>(id);
    if (!number)
        return Result<Request>::failure(std::string(to_string(*action)) + " with id " + shown(id) +
                                        ", which is no number");
    request.id = *number;
    request.payload = std::string(ascii::trim(rest));
    return request;
}

}  // namespace onemarket
