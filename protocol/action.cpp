// SPDX-License-Identifier: Apache-2.0
#include "protocol/action.h"

#include <array>

#include "protocol/ascii.h"

namespace onemarket {
namespace {

struct Word {
    Action action;
    std::string_view text;
};

constexpr std::array<Word, 6> kWords{{{Action::init, "INIT"},
                                      {Action::finalize, "FINALIZE"},
                                      {Action::import, "IMPORT"},
                                      {Action::remove, "DELETE"},
                                      {Action::monitor, "MONITOR"},
                                      {Action::driver_cancel, "DRIVER_CANCEL"}}};

}  // namespace

std::string_view to_string(Action action) {
    for (const Word& word : kWords)
        if (word.action == action) return word.text;
    return "UNKNOWN";
}

std::optional<Action> parse_action(std::string_view word) {
    for (const Word& known : kWords)
        if (ascii::iequals(known.text, word)) return known.action;
    return std::nullopt;
}

bool is_market_action(Action action) {
    return action == Action::import || action == Action::remove || action == Action::monitor;
}

}  // namespace onemarket
