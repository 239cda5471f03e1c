// SPDX-License-Identifier: Apache-2.0
// Names of marketplace apps, as oned takes them. An app's identity is its name, and oned refuses
// names with certain characters or of more than 128 bytes: all such apps become one,
// `imported--1`.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace onemarket {

inline constexpr size_t kMaxAppName = 128;  // bytes

// The text with `_` for each of & | : \ " ; / ' # { } $ < > and for control characters, tab and
// newline among them; invalid UTF-8 repaired; cut at `max_bytes` on a character.
std::string app_name(std::string_view text, size_t max_bytes = kMaxAppName);

// The apps of one catalogue, each under a name of its own. What an app is called depends on the
// set of apps alone, not on their order: of those that app_name() makes equal, the one whose own
// name needed no change, else the one with the smallest id, keeps the name; the others get
// ` (<id>)` behind it. Not thread-safe.
class AppNames {
  public:
    // Returns the app's number, from 0. Ids are told apart by the caller.
    size_t add(std::string_view wanted, std::string_view id);

    // Gives the names; after the last add(), before what follows.
    void settle();

    // Whether an app has this name in its catalogue.
    bool has(std::string_view wanted) const { return by_wanted_.contains(wanted); }
    const std::string& name(size_t number) const { return apps_[number].name; }
    // What an app is called that others refer to by the name its catalogue gives it. Where several
    // have that name it is the one that kept it; where none has, the name is only made valid.
    std::string referred(std::string_view wanted) const;

  private:
    struct App {
        std::string wanted, id, name;
    };
    bool before(const App& a, const App& b) const;

    std::vector<App> apps_;
    std::unordered_map<std::string_view, size_t> by_wanted_;  // views into apps_
};

}  // namespace onemarket
