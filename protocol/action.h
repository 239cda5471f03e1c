// SPDX-License-Identifier: Apache-2.0
// The actions oned asks a market driver for.
#pragma once

#include <optional>
#include <string_view>

namespace onemarket {

enum class Action { init, finalize, import, remove, monitor, driver_cancel };

// The action's word on the wire, upper case; static storage.
std::string_view to_string(Action action);

// The action named by a word, in upper or lower case. The market action `remove` is DELETE on the
// wire.
std::optional<Action> parse_action(std::string_view word);

// True for the actions that carry an object's id and expect an answer with it.
bool is_market_action(Action action);

}  // namespace onemarket
