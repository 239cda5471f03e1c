// SPDX-License-Identifier: Apache-2.0
// What the subcommands of onemarketctl have in common.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "daemon/ctl/market.h"
#include "daemon/installation.h"

namespace onemarket {

// What their options say of themselves.
inline constexpr const char* kMessageHelp =
    "A driver message: a line to the driver, its base64, or XML; - is stdin";
inline constexpr const char* kRawHelp = "Leave the base64 within lists of apps as it is";
inline constexpr const char* kMarketHelp =
    "A marketplace's id, or a file with a MONITOR message of it; - is stdin";
inline constexpr const char* kJsonHelp = "Print one JSON document";

// A file's text; `-` is stdin. Throws Error.
std::string read_input(const std::string& file);

// To stdout, at once: what takes hours is to be seen. False where that, or something before, did
// not get there: what is under way is brought to its end, and the exit status tells.
bool print(std::string_view text);

// To stderr, in a line, whatever names are in it.
void complain(std::string_view text);

// The exit status of a command that would end with this one: not 0 where stdout did not take all of
// it, with the reason on stderr unless its reader has gone away.
int exit_status(int status);

// What `act` returns; kNotDone, with the reason on stderr, where it throws.
int unless_it_fails(const std::function<int()>& act);

// On stderr, where it is root who asks, and the driver is somebody else: what that one may not do
// is not seen, and what is made here is root's.
void warn_root(const Environment& environment);

// gc and verify: looks at a marketplace with nobody's request. `market` is what known_market()
// takes. As unless_it_fails().
using Look = std::function<int(const Installation&, const Backend&, const KnownMarket&, Context&)>;
int look_at(const std::string& market, const Look& act);

}  // namespace onemarket
